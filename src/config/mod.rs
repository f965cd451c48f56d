//! From a file and the environment to one checked [`Config`].

pub mod settings;

pub use settings::Config;
