//! Where webhooks come in.
