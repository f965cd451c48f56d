//! The templates that come with the program, in the folder `assets/templates`.

/// The name of a template, and its source.
type Template = (&'static str, &'static str);

macro_rules! source {
    ($name:expr) => {
        ($name, include_str!(concat!("../../../assets/templates/", $name)))
    };
}

/// The parts of each language.
macro_rules! languages {
    ($($tag:literal),*) => {
        &[$(&[
            source!(concat!($tag, "/email.html")),
            source!(concat!($tag, "/email.subject.txt")),
            source!(concat!($tag, "/email.txt")),
            source!(concat!($tag, "/sms.txt")),
            source!(concat!($tag, "/notice.html")),
            source!(concat!($tag, "/notice.sms.txt")),
            source!(concat!($tag, "/notice.subject.txt")),
            source!(concat!($tag, "/notice.txt")),
            source!(concat!($tag, "/factor.html")),
            source!(concat!($tag, "/factor.sms.txt")),
            source!(concat!($tag, "/factor.subject.txt")),
            source!(concat!($tag, "/factor.txt")),
            source!(concat!($tag, "/addition.html")),
            source!(concat!($tag, "/addition.sms.txt")),
            source!(concat!($tag, "/addition.subject.txt")),
            source!(concat!($tag, "/addition.txt")),
            source!(concat!($tag, "/verified.html")),
            source!(concat!($tag, "/verified.sms.txt")),
            source!(concat!($tag, "/verified.subject.txt")),
            source!(concat!($tag, "/verified.txt")),
            source!(concat!($tag, "/represented.html")),
            source!(concat!($tag, "/represented.sms.txt")),
            source!(concat!($tag, "/represented.subject.txt")),
            source!(concat!($tag, "/represented.txt")),
            source!(concat!($tag, "/lockout.html")),
            source!(concat!($tag, "/lockout.sms.txt")),
            source!(concat!($tag, "/lockout.subject.txt")),
            source!(concat!($tag, "/lockout.txt")),
        ]),*]
    };
}

/// What all languages have in common.
pub(super) const LAYOUTS: &[Template] =
    &[source!("frame.html"), source!("layout.html"), source!("notice.layout.html")];

/// The languages.
pub(super) const LANGUAGES: &[&[Template]] = languages!["ar", "de", "en", "es", "fr", "hi", "zh"];
