//! Who may sign in: exact addresses (`a@b.c`) and whole domains (`@b.c`), in lower case.
//!
//! The entry of an exact address is bound, by the first sign-in, to the provider and subject that
//! used it; another subject with the same address is refused from then on, also where an entry of
//! the domain would let it in. Entries of domains bind to nobody.
//!
//! Every change, and whatever relies on the list and writes, holds the counter `allow_list` until
//! it commits: no session can begin beside the removal that should have ended it.

use std::fmt;

use jiff::Timestamp;

use super::error::StoreError;
use super::pool::column::Columns as _;
use super::pool::{Change, Store, within};
use super::sessions;

/// Who wants an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowSource {
    /// An administrator, by command.
    Admin,
    /// The configuration.
    Config,
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowEntry {
    /// `a@b.c` or `@b.c`.
    pub pattern: String,
    /// Who wants it; never empty.
    pub sources: Vec<AllowSource>,
    /// When it was first made.
    pub created_at: Timestamp,
    /// Provider and subject that an exact address is bound to.
    pub bound_to: Option<(String, String)>,
}

/// As an administrator reads it.
impl fmt::Display for AllowEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources = self.sources.iter().map(|source| match source {
            AllowSource::Admin => "admin",
            AllowSource::Config => "config",
        });
        let sources = sources.collect::<Vec<_>>().join(",");
        let bound = match &self.bound_to {
            Some((provider, _)) => provider.as_str(),
            None => "-",
        };
        write!(
            f,
            "{:<40} {sources:<13} {bound:<10} {}",
            self.pattern, self.created_at
        )
    }
}

/// An e-mail address as the list compares it.
pub(super) struct Address {
    pub(super) email: String,
    /// `@` and the domain.
    pub(super) domain: String,
}

impl Address {
    /// `None`: no pattern can cover that text.
    pub(super) fn parse(email: &str) -> Option<Self> {
        let email = email.to_lowercase();
        let at = email.rfind('@')?;
        let domain = email[at..].to_owned();
        (at > 0 && domain.len() > 1).then_some(Self { email, domain })
    }
}

impl Store {
    /// Adds a pattern; `false`: the same source had it there already.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn allow(
        &self,
        pattern: &str,
        source: AllowSource,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        within("add to the allow-list", async {
            let mut change = self.begin().await?;
            change.raise("allow_list").await?;
            let added = add(&mut change, pattern, source, now).await?;
            change.commit().await?;
            Ok(added)
        })
        .await
    }

    /// Removes a pattern, whoever wanted it, and ends the sessions of the users that it alone
    /// covered. Answers those users, again too when the pattern is gone already, so that what
    /// follows from a removal (their keys) can be repeated after a failure.
    ///
    /// A pattern of the configuration comes back with the next [`Store::declare_allow_list`].
    ///
    /// # Errors
    /// When the database is away; then nothing is changed.
    pub async fn deny(&self, pattern: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
        within("remove from the allow-list", async {
            let mut change = self.begin().await?;
            change.raise("allow_list").await?;
            sqlx::query("DELETE FROM allow_list WHERE pattern = $1")
                .bind(pattern)
                .execute(&mut *change)
                .await?;
            let users = sqlx::query_scalar::<_, String>(
                "SELECT u.id FROM users u
                 WHERE (u.email = $1 OR u.email_domain = $1)
                   AND NOT EXISTS (SELECT 1 FROM covered_users c WHERE c.id = u.id)
                 ORDER BY u.id",
            )
            .bind(pattern)
            .fetch_all(&mut *change)
            .await?;
            end_sessions(&mut change, &users, now).await?;
            change.commit().await?;
            Ok(users)
        })
        .await
    }

    /// Makes the patterns that the configuration wants equal to `patterns`; those that an
    /// administrator wants stay. Ends the sessions of all users that no pattern covers any more,
    /// and answers every user that none covers.
    ///
    /// # Errors
    /// When the database is away; then nothing is changed.
    pub async fn declare_allow_list(
        &self,
        patterns: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        within("declare the allow-list", async {
            let mut change = self.begin().await?;
            change.raise("allow_list").await?;
            withdraw(&mut change, patterns).await?;
            for pattern in patterns {
                add(&mut change, pattern, AllowSource::Config, now).await?;
            }
            let users = sqlx::query_scalar::<_, String>(
                "SELECT u.id FROM users u
                 WHERE NOT EXISTS (SELECT 1 FROM covered_users c WHERE c.id = u.id)
                 ORDER BY u.id",
            )
            .fetch_all(&mut *change)
            .await?;
            end_sessions(&mut change, &users, now).await?;
            change.commit().await?;
            Ok(users)
        })
        .await
    }

    /// All entries, by pattern.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn allow_list(&self) -> Result<Vec<AllowEntry>, StoreError> {
        within("read the allow-list", async {
            let rows = sqlx::query(
                "SELECT pattern, by_admin, by_config, created_at, bound_provider, bound_subject
                 FROM allow_list ORDER BY pattern",
            )
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(entry).collect()
        })
        .await
    }

    /// Whether this identity may sign in with this address now. [`Store::sign_in`] asks again,
    /// in its own transaction.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn is_allowed(
        &self,
        provider: &str,
        subject: &str,
        email: &str,
    ) -> Result<bool, StoreError> {
        within("read the allow-list", async {
            let Some(address) = Address::parse(email) else {
                return Ok(false);
            };
            let mut connection = self.pool.acquire().await?;
            admits(&mut connection, provider, subject, &address).await
        })
        .await
    }

    /// Whether a user is covered by a pattern now. Whoever mints a key for a user asks this
    /// after the key was stored, and revokes it on `false`: a removal that happened meanwhile
    /// may not have seen the key.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn is_user_allowed(&self, user_id: &str) -> Result<bool, StoreError> {
        within("read the allow-list", async {
            let mut connection = self.pool.acquire().await?;
            covers(&mut connection, user_id).await
        })
        .await
    }

    /// Whether the list has stopped covering a user. One whom this database does not know was
    /// never covered by it, which says nothing: the database may be new, or the wrong one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn is_user_denied(&self, user_id: &str) -> Result<bool, StoreError> {
        within("read the allow-list", async {
            let found = sqlx::query(
                "SELECT 1 FROM users u WHERE u.id = $1
                 AND NOT EXISTS (SELECT 1 FROM covered_users c WHERE c.id = u.id)",
            )
            .bind(user_id)
            .fetch_optional(&self.pool)
            .await?;
            Ok(found.is_some())
        })
        .await
    }
}

/// Whether the list lets an identity in that may have no user yet. The same rule as the view
/// `covered_users`.
pub(super) async fn admits(
    connection: &mut sqlx::AnyConnection,
    provider: &str,
    subject: &str,
    address: &Address,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM allow_list a
         WHERE (a.pattern = $1
                AND (a.bound_subject IS NULL OR (a.bound_provider = $3 AND a.bound_subject = $4)))
            OR (a.pattern = $2
                AND NOT EXISTS (SELECT 1 FROM allow_list e WHERE e.pattern = $1))
         LIMIT 1",
    )
    .bind(&address.email)
    .bind(&address.domain)
    .bind(provider)
    .bind(subject)
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

pub(super) async fn covers(
    connection: &mut sqlx::AnyConnection,
    user_id: &str,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM covered_users WHERE id = $1")
        .bind(user_id)
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Binds the entry of the exact address, if there is one that is free.
pub(super) async fn bind(
    change: &mut Change,
    provider: &str,
    subject: &str,
    address: &Address,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE allow_list SET bound_provider = $2, bound_subject = $3
         WHERE pattern = $1 AND bound_subject IS NULL",
    )
    .bind(&address.email)
    .bind(provider)
    .bind(subject)
    .execute(&mut **change)
    .await?;
    Ok(())
}

async fn add(
    change: &mut Change,
    pattern: &str,
    source: AllowSource,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "INSERT INTO allow_list (pattern, by_admin, by_config, created_at)
         VALUES ($1, 0, 0, $2) ON CONFLICT DO NOTHING",
    )
    .bind(pattern)
    .bind(now.as_millisecond())
    .execute(&mut **change)
    .await?;
    let mark = match source {
        AllowSource::Admin => {
            "UPDATE allow_list SET by_admin = 1 WHERE pattern = $1 AND by_admin = 0"
        }
        AllowSource::Config => {
            "UPDATE allow_list SET by_config = 1 WHERE pattern = $1 AND by_config = 0"
        }
    };
    let marked = sqlx::query(mark)
        .bind(pattern)
        .execute(&mut **change)
        .await?;
    Ok(marked.rows_affected() == 1)
}

/// Takes the configuration's wish back from every pattern that is not in `kept`.
async fn withdraw(change: &mut Change, kept: &[String]) -> Result<(), sqlx::Error> {
    let declared = sqlx::query_scalar::<_, String>(
        "SELECT pattern FROM allow_list WHERE by_config = 1 ORDER BY pattern",
    )
    .fetch_all(&mut **change)
    .await?;
    for pattern in declared.iter().filter(|pattern| !kept.contains(pattern)) {
        sqlx::query("UPDATE allow_list SET by_config = 0 WHERE pattern = $1")
            .bind(pattern)
            .execute(&mut **change)
            .await?;
    }
    sqlx::query("DELETE FROM allow_list WHERE by_admin = 0 AND by_config = 0")
        .execute(&mut **change)
        .await?;
    Ok(())
}

async fn end_sessions(
    change: &mut Change,
    users: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    for user in users {
        sessions::end_all(change, user, now).await?;
    }
    Ok(())
}

fn entry(row: &sqlx::any::AnyRow) -> Result<AllowEntry, sqlx::Error> {
    let wanted = [
        (AllowSource::Admin, row.number("by_admin")?),
        (AllowSource::Config, row.number("by_config")?),
    ];
    let provider = row.optional_text("bound_provider")?;
    let subject = row.optional_text("bound_subject")?;
    Ok(AllowEntry {
        pattern: row.text("pattern")?,
        sources: wanted
            .into_iter()
            .filter_map(|(source, wants)| (wants == 1).then_some(source))
            .collect(),
        created_at: row.time("created_at")?,
        bound_to: provider.zip(subject),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_in_lower_case_and_by_what_follows_its_last_at() {
        let address = Address::parse("\"A@x\"@Example.ORG").unwrap();
        assert_eq!(address.email, "\"a@x\"@example.org");
        assert_eq!(address.domain, "@example.org");
    }

    #[test]
    fn what_could_pass_for_a_pattern_is_no_address() {
        for text in ["", "@", "a", "a@", "@example.org", "@a@"] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }
}
