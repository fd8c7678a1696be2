//! Users, what they sign in with, and their tenants.
//!
//! A user is found by provider and subject, never by an e-mail address: addresses change hands.

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::allow_list::{self, Address};
use super::error::StoreError;
use super::pool::column::{Columns as _, malformed};
use super::pool::{Change, Store, within};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `usr-…`.
    pub id: String,
    /// Address at the last sign-in, in lower case.
    pub email: String,
    /// Name at the last sign-in, if the provider told one.
    pub name: Option<String>,
    /// When they first signed in.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub signed_in_at: Timestamp,
}

/// What a user owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// 24 hexadecimal digits.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A user with their tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: User,
    /// What is theirs.
    pub tenant: Tenant,
    /// Whether this sign-in made it.
    pub is_new: bool,
}

/// Someone whom a provider vouches for.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// Name of the provider.
    pub provider: &'a str,
    /// The provider's permanent name of the person.
    pub subject: &'a str,
    /// Verified address.
    pub email: &'a str,
    /// Name to show.
    pub name: Option<&'a str>,
    /// Id of the user if there is none yet.
    pub user_id: &'a str,
    /// Id of the tenant if there is none yet.
    pub tenant_id: &'a str,
    /// The time.
    pub now: Timestamp,
}

impl Store {
    /// Finds the account of an identity or makes it, and binds the entry of the allow-list that
    /// lets it in. `None`: the list does not; then nothing is stored.
    ///
    /// # Errors
    /// When the database is away; then nothing is stored.
    pub async fn sign_in(&self, new: SignIn<'_>) -> Result<Option<Account>, StoreError> {
        within("sign in", async {
            let Some(address) = Address::parse(new.email) else {
                return Ok(None);
            };
            let mut change = self.begin().await?;
            change.raise("allow_list").await?;
            if !allow_list::admits(&mut change, new.provider, new.subject, &address).await? {
                return Ok(None);
            }
            allow_list::bind(&mut change, new.provider, new.subject, &address).await?;
            let known = sqlx::query_scalar::<_, String>(
                "SELECT user_id FROM identities WHERE provider = $1 AND subject = $2",
            )
            .bind(new.provider)
            .bind(new.subject)
            .fetch_optional(&mut *change)
            .await?;
            let is_new = known.is_none();
            let id = known.unwrap_or_else(|| new.user_id.to_owned());
            if is_new {
                create(&mut change, &new, &address).await?;
            } else {
                update(&mut change, &id, &new, &address).await?;
            }
            let account = find(&mut change, &id).await?;
            let account = account.ok_or_else(|| malformed("user_id", "no user with a tenant"))?;
            change.commit().await?;
            Ok(Some(Account { is_new, ..account }))
        })
        .await
    }

    /// The account of a user.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn user(&self, id: &str) -> Result<Option<Account>, StoreError> {
        within("read the user", async {
            let mut connection = self.pool.acquire().await?;
            find(&mut connection, id).await
        })
        .await
    }
}

async fn create(
    change: &mut Change,
    new: &SignIn<'_>,
    address: &Address,
) -> Result<(), sqlx::Error> {
    let now = new.now.as_millisecond();
    sqlx::query(
        "INSERT INTO users (id, email, email_domain, name, created_at, signed_in_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(new.user_id)
    .bind(&address.email)
    .bind(&address.domain)
    .bind(new.name)
    .bind(now)
    .execute(&mut **change)
    .await?;
    sqlx::query(
        "INSERT INTO identities (provider, subject, user_id, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(new.provider)
    .bind(new.subject)
    .bind(new.user_id)
    .bind(now)
    .execute(&mut **change)
    .await?;
    sqlx::query("INSERT INTO tenants (id, created_at) VALUES ($1, $2)")
        .bind(new.tenant_id)
        .bind(now)
        .execute(&mut **change)
        .await?;
    sqlx::query("INSERT INTO memberships (user_id, tenant_id, created_at) VALUES ($1, $2, $3)")
        .bind(new.user_id)
        .bind(new.tenant_id)
        .bind(now)
        .execute(&mut **change)
        .await?;
    Ok(())
}

async fn update(
    change: &mut Change,
    id: &str,
    new: &SignIn<'_>,
    address: &Address,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE users SET email = $2, email_domain = $3, name = $4, signed_in_at = $5
         WHERE id = $1",
    )
    .bind(id)
    .bind(&address.email)
    .bind(&address.domain)
    .bind(new.name)
    .bind(new.now.as_millisecond())
    .execute(&mut **change)
    .await?;
    Ok(())
}

async fn find(connection: &mut AnyConnection, id: &str) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT u.id, u.email, u.name, u.created_at, u.signed_in_at,
                t.id AS tenant_id, t.created_at AS tenant_created_at
         FROM users u
         JOIN memberships m ON m.user_id = u.id
         JOIN tenants t ON t.id = m.tenant_id
         WHERE u.id = $1
         ORDER BY m.created_at, t.id
         LIMIT 1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(account).transpose()
}

fn account(row: &AnyRow) -> Result<Account, sqlx::Error> {
    Ok(Account {
        user: User {
            id: row.text("id")?,
            email: row.text("email")?,
            name: row.optional_text("name")?,
            created_at: row.time("created_at")?,
            signed_in_at: row.time("signed_in_at")?,
        },
        tenant: Tenant {
            id: row.text("tenant_id")?,
            created_at: row.time("tenant_created_at")?,
        },
        is_new: false,
    })
}
