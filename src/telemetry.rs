//! The log file, without secrets.
