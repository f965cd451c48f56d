//! The keys that the codes in the store were made with.

use crate::service::ports::error::StoreError;
use crate::service::ports::verification::KeysInUse;
use crate::store::database::engine::{Database, args};
use crate::store::database::statement::statements;

statements! {
    OPEN {
        "SELECT DISTINCT key_id FROM core_otp \
         WHERE digest_until > " now " AND status = 'open' ORDER BY key_id"
    }
    LAST { "SELECT key_id FROM core_otp WHERE id = (SELECT MAX(id) FROM core_otp)" }
}

pub(in crate::store) async fn in_use(db: &Database) -> Result<KeysInUse, StoreError> {
    let open = db.all(&OPEN, args![]).await?;
    let last = db.maybe(&LAST, args![]).await?;
    Ok(KeysInUse {
        open: open.iter().map(|row| row.text("key_id")).collect::<Result<_, _>>()?,
        last: last.map(|row| row.text("key_id")).transpose()?,
    })
}
