//! Senders: email, text messages, and the tray that stands in for both.
