//! The interface for counter staff.
