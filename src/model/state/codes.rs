//! Codes: names in results and snapshots, each with its description for the reference.

/// Declares an enum of codes, one row each: `Variant = "name": "Description."`.
macro_rules! codes {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $code:literal: $words:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $words] $variant,)*
        }

        impl $name {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, as files have it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The description, a sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)*
                }
            }
        }
    };
}

pub(super) use codes;
