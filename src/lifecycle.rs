//! Signals, cancellation, an orderly end.
