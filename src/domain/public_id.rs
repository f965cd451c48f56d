//! Public ids in the alphabet of request ids, each a type of its own, so that none is taken for
//! another one's.

/// A public id: ten random characters, read back from its text.
macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name($crate::domain::request::RequestId);

        impl $name {
            /// The id for 50 random bits.
            pub fn from_bits(bits: u64) -> Self {
                Self($crate::domain::request::RequestId::from_bits(bits))
            }

            /// The id in text form.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::request::NotARequest;

            fn from_str(typed: &str) -> Result<Self, Self::Err> {
                typed.parse().map(Self)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

pub(in crate::domain) use public_id;
