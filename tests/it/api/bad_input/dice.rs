//! Random input: garbage of every kind, and what is nearly right.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A member that no body knows, so that none can be done.
const POISON: &str = "isKnownToNobody";

/// A source of chance that gives the same for the same seed (xorshift64*).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most))
            .map(|_| self.next().to_be_bytes()[0])
            .collect()
    }

    /// Text that is hard to keep apart, to store or to show.
    fn text(&mut self) -> String {
        let long = self.below(5_000);
        match self.below(14) {
            0 => String::new(),
            1 => "\0".to_owned(),
            2 => "../../../etc/passwd".to_owned(),
            3 => "' OR 1=1; DROP TABLE users; --".to_owned(),
            4 => "{{7*7}}${jndi:ldap://127.0.0.1/a}".to_owned(),
            5 => "\u{202e}\u{feff}\u{1f9ea}é".to_owned(),
            6 => "A".repeat(long),
            7 => "null".to_owned(),
            8 => "-1".to_owned(),
            9 => "1e400".to_owned(),
            10 => "prj-zzzzzzzzzzzzzzzzzzzzzzzz".to_owned(),
            11 => "*".to_owned(),
            12 => "\r\nx-injected: 1".to_owned(),
            _ => String::from_utf8_lossy(&self.bytes(64)).into_owned(),
        }
    }

    fn escaped(&mut self) -> String {
        let escape = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
        match self.below(3) {
            0 => {
                let text = self.text();
                escape(&text.as_bytes()[..text.len().min(400)])
            }
            1 => escape(&self.bytes(48)),
            _ => (*self.pick(&["%", "%zz", "%c0%ae", "+", "..%2f..", "%F0%9F%A7%AA"])).to_owned(),
        }
    }

    /// The route's path, with an id that nothing has.
    pub(super) fn path(&mut self, route: &str) -> String {
        let id = match self.below(6) {
            0 => "prj-000000000000000000000000".to_owned(),
            1 => "ep-0000000000000000".to_owned(),
            2 => "key-0000000000000000".to_owned(),
            _ => match self.escaped() {
                // Another route would be asked.
                empty if empty.is_empty() => "0".to_owned(),
                id => id,
            },
        };
        route.replace("{id}", &id).replace("{user_code}", &id)
    }

    pub(super) fn query(&mut self) -> String {
        let mut pairs = Vec::new();
        for _ in 0..self.below(3) {
            let names = [
                "limit", "cursor", "cascade", "dry_run", "force", "project", "unknown", "",
            ];
            let name = *self.pick(&names);
            let value = match self.below(4) {
                0 => (*self.pick(&["0", "-1", "201", "99999999999999999999", "1.5", "maybe"]))
                    .to_owned(),
                1 => self.cursor(),
                _ => self.escaped(),
            };
            pairs.push(format!("{name}={value}"));
        }
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }

    /// One that decodes, into what no list has given.
    fn cursor(&mut self) -> String {
        let place = match self.below(5) {
            0 => json!(null),
            1 => json!([-1, "x"]),
            2 => json!(["9999-12-31T23:59:59Z", "prj-0"]),
            3 => json!({"a": {"b": []}}),
            _ => json!([self.next(), self.text()]),
        };
        URL_SAFE_NO_PAD.encode(place.to_string())
    }

    /// A credential that is nearly one of these, or not at all.
    pub(super) fn token(&mut self, like: &[String]) -> String {
        let mut token = self.pick(like).clone().into_bytes();
        match self.below(6) {
            0 => token.truncate(self.below(40)),
            1 => {
                let place = self.below(token.len());
                token[place] = if token[place] == b'A' { b'B' } else { b'A' };
            }
            2 => token.extend_from_slice(b"AAAA"),
            3 => return "nsk_".to_owned() + &"0".repeat(48),
            4 => return "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3ItMSJ9.".to_owned(),
            _ => return "B".repeat(self.below(20_000)),
        }
        String::from_utf8(token).unwrap()
    }

    pub(super) fn headers(&mut self, route: &str) -> Vec<(&'static str, Vec<u8>)> {
        let mut headers = Vec::new();
        // Mostly one that the route takes, so that more than the type is looked at.
        let media = match self.below(8) {
            0 => "text/plain",
            1 => "application/json; charset=utf-16",
            2 => "",
            _ if route == "/v1/manifests" => "application/yaml",
            _ => "application/json",
        };
        if !media.is_empty() {
            headers.push(("content-type", media.into()));
        }
        for name in [
            "if-match",
            "if-none-match",
            "idempotency-key",
            "last-event-id",
            "origin",
            "range",
        ] {
            if self.below(3) == 0 {
                headers.push((name, self.header()));
            }
        }
        headers
    }

    fn header(&mut self) -> Vec<u8> {
        let tags = [
            "*",
            "\"\"",
            "\"1\"",
            "W/\"1\"",
            "\"99999999999999999999999\"",
            "\"a\", \"b\"",
            "1",
        ];
        let mut value = match self.below(3) {
            0 => (*self.pick(&tags)).into(),
            1 => self.bytes(300),
            _ => self.text().into_bytes(),
        };
        // What no client can send at all.
        value.retain(|byte| *byte >= 0x20 && *byte != 0x7f);
        value
    }

    pub(super) fn body(&mut self, route: &str) -> Vec<u8> {
        if route == "/v1/manifests" {
            return self.documents();
        }
        match self.below(10) {
            0 => self.bytes(2_000),
            1 => Vec::new(),
            2 => [vec![b'['; 50_000], vec![b']'; 50_000]].concat(),
            3 => vec![b' '; 300 * 1024],
            4 => b"{\"label\":\"\xff\xfe\"}".to_vec(),
            5 => self.value(0).to_string().into_bytes().split_off(1),
            6 => {
                let name = "a".repeat(self.below(3));
                format!("{{\"{POISON}\":1,\"{name}\":1e999,\"{name}\":2}}").into_bytes()
            }
            _ => {
                let mut body = json!({ POISON: self.value(0) });
                for _ in 0..self.below(5) {
                    let name = *self.pick(&MEMBERS);
                    body[name] = self.value(0);
                }
                body.to_string().into_bytes()
            }
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth < 3 { 9 } else { 6 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.next()),
            3 => json!(-0.5e-300),
            4 | 5 => json!(self.text()),
            6 => (0..self.below(4)).map(|_| self.value(depth + 1)).collect(),
            _ => {
                let mut object = json!({});
                for _ in 0..self.below(4) {
                    let name = *self.pick(&MEMBERS);
                    object[name] = self.value(depth + 1);
                }
                object
            }
        }
    }

    /// Documents of YAML of which at least one is wrong.
    fn documents(&mut self) -> Vec<u8> {
        let api = "apiVersion: kisenon.com/v1alpha1\nkind";
        let name = "metadata: {name: garbage}";
        match self.below(12) {
            0 => self.bytes(2_000),
            1 => Vec::new(),
            2 => b"a: &a [*a]\n---\n- b\n".to_vec(),
            3 => bomb(),
            4 => [vec![b'['; 20_000], vec![b']'; 20_000]].concat(),
            5 => format!("{api}: Secret\n{name}\n").into_bytes(),
            6 => format!("{api}: Project\nmetadata: {{name: a, namespace: kube-system}}\n")
                .into_bytes(),
            7 => format!("{api}: Project\n{name}\nspec: {{}}\n---\n{api}: Endpoint\n{name}\n")
                .into_bytes(),
            8 => format!("{api}: Endpoint\n{name}\nspec: {{project: nothing, {POISON}: 1}}\n")
                .into_bytes(),
            9 => format!("{api}: ApiKey\n{name}\nspec: {{lookupId: x, hash: y, user: usr-0}}\n")
                .into_bytes(),
            10 => vec![b'#'; 300 * 1024],
            _ => {
                let mut spec = self.value(1);
                if !spec.is_object() {
                    spec = json!({});
                }
                spec[POISON] = json!(1);
                let kind = *self.pick(&["Project", "Endpoint", "ApiKey", "Namespace"]);
                json!({
                    "apiVersion": "kisenon.com/v1alpha1", "kind": kind,
                    "metadata": {"name": "garbage"}, "spec": spec,
                })
                .to_string()
                .into_bytes()
            }
        }
    }
}

/// A few lines that would be gigabytes.
fn bomb() -> Vec<u8> {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{},", level - 1).repeat(9);
        text += &format!("a{level}: &a{level} [{below}]\n");
    }
    text.into_bytes()
}

/// What bodies have somewhere.
const MEMBERS: [&str; 24] = [
    "name",
    "label",
    "project",
    "spec",
    "metadata",
    "network",
    "allowedCidrs",
    "access",
    "compute",
    "cpu",
    "memory",
    "desiredState",
    "deletionPolicy",
    "deletionProtection",
    "expiresAt",
    "scopes",
    "provider",
    "idToken",
    "refreshToken",
    "code",
    "userCode",
    "approve",
    "key",
    "",
];
