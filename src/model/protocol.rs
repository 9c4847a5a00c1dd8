//! The protocols of APIs. A new one is a variant, a row here and a constant in [`Protocols`].

/// The protocol of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// An HTTP API.
    Http,
    /// A WebSocket API.
    WebSocket,
}

impl Protocol {
    /// All of them, in AWS's order.
    pub const ALL: [Self; 2] = [Self::Http, Self::WebSocket];
    /// AWS's names, in the same order.
    pub const NAMES: &[&str] = &["HTTP", "WEBSOCKET"];

    /// The protocol that AWS writes so; `None` for a name that this version does not know.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    /// AWS's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The name of its APIs in a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::WebSocket => "WebSocket",
        }
    }
}

/// A set of protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocols(u8);

impl Protocols {
    /// Every protocol.
    pub const ALL: Self = Self((1 << Protocol::ALL.len()) - 1);
    /// Only HTTP.
    pub const HTTP: Self = Self::of(Protocol::Http);
    /// Only WebSocket.
    pub const WEBSOCKET: Self = Self::of(Protocol::WebSocket);

    /// One protocol.
    #[must_use]
    pub const fn of(protocol: Protocol) -> Self {
        Self(1 << protocol as u8)
    }

    /// True if the protocol is in the set.
    #[must_use]
    pub const fn include(self, protocol: Protocol) -> bool {
        self.0 & Self::of(protocol).0 != 0
    }

    /// The protocols of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The protocols in the set, in AWS's order.
    pub fn iter(self) -> impl Iterator<Item = Protocol> {
        Protocol::ALL
            .into_iter()
            .filter(move |protocol| self.include(*protocol))
    }

    /// The APIs of these protocols in words: `HTTP and WebSocket APIs`.
    #[must_use]
    pub fn words(self) -> String {
        let mut names: Vec<&str> = self.iter().map(Protocol::words).collect();
        let last = names.pop().unwrap_or_default();
        let before = names.join(", ");
        if before.is_empty() {
            format!("{last} APIs")
        } else {
            format!("{before} and {last} APIs")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_its_protocols_and_their_words() {
        assert_eq!(Protocols::ALL.iter().collect::<Vec<_>>(), Protocol::ALL);
        assert!(
            Protocols::HTTP.include(Protocol::Http)
                && !Protocols::HTTP.include(Protocol::WebSocket)
        );
        assert_eq!(
            Protocols::ALL.and(Protocols::WEBSOCKET),
            Protocols::WEBSOCKET
        );
        assert_eq!(Protocols::ALL.words(), "HTTP and WebSocket APIs");
        assert_eq!(Protocols::HTTP.words(), "HTTP APIs");
        assert_eq!(Protocol::from_name("WEBSOCKET"), Some(Protocol::WebSocket));
    }
}
