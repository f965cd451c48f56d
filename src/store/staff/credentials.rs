//! How the staff signs in. Attempts are counted by one guarded statement before anything is
//! compared, so that no number of terminals on any number of hosts gets more of them; a code
//! of an authenticator is taken by another one, once (security requirements 13 and 32).

use crate::domain::event::{Actor, EventKind};
use crate::domain::key::KeyId;
use crate::domain::outcome::Outcome;
use crate::domain::sign_in::credentials::{Credentials, SignInProof, SignedCredentials};
use crate::domain::sign_in::password::PasswordHash;
use crate::domain::staff::AccountName;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::sign_in::{
    CredentialsChange, EarlierSignIns, NewSitting, StoredCredentials,
};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::staff::sittings;

row_type! {
    struct CredentialColumns from "core_sign_in" {
        account: AccountName = word "account",
        version: u32 = count "version",
        proof: String = text "proof",
        secret: Option<String> = maybe_text "secret",
        expires_at: Option<Timestamp> = maybe_time "expires_at",
        totp: Option<String> = maybe_text "totp",
        given_by: Option<AccountName> = maybe_word "given_by",
        reset_by: Option<AccountName> = maybe_word "reset_by",
        reset_at: Option<Timestamp> = maybe_time "reset_at",
        key_id: String = text "key_id",
        mac: String = text "mac",
        failed_since: u32 = count "failed_since",
        failed_at: Option<Timestamp> = maybe_time "failed_at",
        signed_in_at: Option<Timestamp> = maybe_time "signed_in_at",
        signed_in_counter: Option<String> = maybe_text "signed_in_counter",
        now: Timestamp = time now,
    }
}

statements! {
    ONE { (select CredentialColumns) "WHERE account = $1" }
    /// An office has some hundred at most.
    ALL { (select CredentialColumns) "ORDER BY account" }
    INSERT {
        (insert "core_sign_in" {
            account: "$1",
            version: "$2",
            proof: "$3",
            secret: "$4",
            expires_at: "$5",
            totp: "$6",
            given_by: "$7",
            reset_by: "$8",
            reset_at: "$9",
            key_id: "$10",
            mac: "$11",
            failures: "0",
            blocked_until: "0",
            failed_since: "0",
            last_step: "COALESCE($12, 0)",
        })
    }
    UPDATE {
        "UPDATE core_sign_in SET version = $2, proof = $3, secret = $4, totp = $6, \
         given_by = $7, reset_by = $8, reset_at = $9, key_id = $10, mac = $11, \
         last_step = COALESCE($12, last_step), expires_at = $5 \
         WHERE account = $1 AND version = $2 - 1"
    }
    /// A set-up code works once, and until its time is over.
    USE_SETUP_CODE {
        "UPDATE core_sign_in SET version = $2, proof = $3, secret = $4, totp = $6, \
         given_by = $7, reset_by = $8, reset_at = $9, key_id = $10, mac = $11, \
         last_step = COALESCE($12, last_step), expires_at = $5 \
         WHERE account = $1 AND version = $2 - 1 AND proof = 'set-up' AND expires_at > " clock
    }
    /// The waits are those of `domain::sign_in::policy::wait_after`. The count comes last:
    /// MySQL and MariaDB set the columns one after the other.
    COUNT {
        "UPDATE core_sign_in SET blocked_until = CASE WHEN failures < 4 THEN 0 ELSE " clock
        " + CASE failures WHEN 4 THEN 30000 WHEN 5 THEN 60000 WHEN 6 THEN 120000 \
         WHEN 7 THEN 240000 WHEN 8 THEN 480000 ELSE 900000 END END, failures = failures + 1 \
         WHERE account = $1 AND blocked_until <= " clock
    }
    COUNTED { "SELECT failures FROM core_sign_in WHERE account = $1" }
    UNCOUNT {
        "UPDATE core_sign_in SET failures = failures - 1, blocked_until = 0 \
         WHERE account = $1 AND failures = $2 AND failures > 0"
    }
    NOTE_FAILURE {
        "UPDATE core_sign_in SET failed_since = failed_since + 1, failed_at = " now
        " WHERE account = $1"
    }
    LIFT { "UPDATE core_sign_in SET failures = 0, blocked_until = 0 WHERE account = $1" }
    /// No code of an authenticator is taken twice, nor one older than the last.
    ACCEPT {
        "UPDATE core_sign_in SET failures = 0, blocked_until = 0, failed_since = 0, \
         failed_at = NULL, signed_in_at = " now ", signed_in_counter = $4, \
         last_step = COALESCE($3, last_step) \
         WHERE account = $1 AND version = $2 AND COALESCE($3, last_step + 1) > last_step"
    }
}

/// The credentials of an account.
pub(in crate::store) async fn credentials(
    db: &Database,
    account: &AccountName,
) -> Result<Option<StoredCredentials>, StoreError> {
    db.maybe(&ONE, args![account.as_str()]).await?.map(|row| read(&row)).transpose()
}

/// All credentials.
pub(in crate::store) async fn all(db: &Database) -> Result<Vec<SignedCredentials>, StoreError> {
    let rows = db.all(&ALL, args![]).await?;
    rows.iter().map(|row| Ok(read(row)?.record)).collect()
}

fn read(row: &Row) -> Result<StoredCredentials, StoreError> {
    let it = CredentialColumns::read(row)?;
    let unreadable =
        || StoreError::Failed(format!("the credentials of {} cannot be read", it.account));
    let proof = match (it.proof.as_str(), it.secret, it.expires_at) {
        ("none", ..) => SignInProof::None,
        ("set-up", Some(digest), Some(expires_at)) => SignInProof::SetUp { digest, expires_at },
        ("password", Some(hash), _) => {
            SignInProof::Password(PasswordHash::from_store(&hash).ok_or_else(unreadable)?)
        }
        _ => return Err(unreadable()),
    };
    let credentials = Credentials {
        proof,
        totp: it.totp,
        given_by: it.given_by,
        reset_asked: it.reset_by.zip(it.reset_at),
        account: it.account.clone(),
    };
    let key_id = KeyId::new(&it.key_id).ok_or_else(unreadable)?;
    Ok(StoredCredentials {
        record: SignedCredentials { credentials, version: it.version, key_id, mac: it.mac },
        has_expired: it.expires_at.is_some_and(|expires_at| expires_at <= it.now),
        earlier: EarlierSignIns {
            signed_in_at: it.signed_in_at,
            counter: it.signed_in_counter,
            failures: it.failed_since,
            failed_at: it.failed_at,
        },
    })
}

/// Writes credentials in place of those before them; whether nobody else did.
pub(in crate::store) async fn write(
    db: &Database,
    change: &CredentialsChange<'_>,
) -> Result<bool, StoreError> {
    let SignedCredentials { credentials, version, key_id, mac } = change.record;
    let account = credentials.account.as_str();
    let (proof, secret, expires_at) = match &credentials.proof {
        SignInProof::None => ("none", None, None),
        SignInProof::SetUp { digest, expires_at } => {
            ("set-up", Some(digest.as_str()), Some(expires_at.millis()))
        }
        SignInProof::Password(hash) => ("password", Some(hash.as_str()), None),
    };
    let asked = credentials.reset_asked.as_ref();
    let values = args![
        account,
        *version,
        proof,
        secret,
        expires_at,
        credentials.totp.as_deref(),
        credentials.given_by.as_ref().map(AccountName::as_str),
        asked.map(|(by, _)| by.as_str()),
        asked.map(|(_, at)| at.millis()),
        key_id.as_str(),
        mac,
        stored_step(change.step),
    ];
    let sql = match (*version, change.uses_setup_code) {
        (1, _) => &INSERT,
        (_, true) => &USE_SETUP_CODE,
        (_, false) => &UPDATE,
    };
    let mut tx = db.begin().await?;
    match tx.write(sql, values).await {
        Ok(0) | Err(StoreError::Taken(_)) => return Ok(false),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    if change.is_reset {
        tx.write(&LIFT, args![account]).await?;
        sittings::end_all_of(&mut tx, &credentials.account).await?;
    }
    let event = NewEvent::of_office(change.kind, change.detail.to_owned(), change.actor);
    events::write_once(&mut tx, &event, None).await?;
    tx.commit().await?;
    Ok(true)
}

/// Steps of 30 seconds since 1970 fit for some billions of years.
fn stored_step(step: Option<u64>) -> Option<i64> {
    step.and_then(|step| i64::try_from(step).ok())
}

/// Counts an attempt; the number of wrong ones in a row, with this one.
pub(in crate::store) async fn count(
    db: &Database,
    account: &AccountName,
) -> Result<Option<u32>, StoreError> {
    let mut tx = db.begin().await?;
    if tx.write(&COUNT, args![account.as_str()]).await? == 0 {
        return Ok(None);
    }
    let counted = tx.one(&COUNTED, args![account.as_str()]).await?.count("failures")?;
    tx.commit_quietly().await?;
    Ok(Some(counted))
}

/// Takes a count back, if it is the last one.
pub(in crate::store) async fn uncount(
    db: &Database,
    account: &AccountName,
    counted: u32,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.write(&UNCOUNT, args![account.as_str(), counted]).await?;
    tx.commit_quietly().await
}

/// Notes a failure.
pub(in crate::store) async fn note_failure(
    db: &Database,
    account: &AccountName,
    detail: &str,
    actor: &Actor,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.write(&NOTE_FAILURE, args![account.as_str()]).await?;
    let event = NewEvent::of_office(EventKind::SignInFailed, detail.to_owned(), actor);
    let event = NewEvent { outcome: Some(Outcome::Wrong), ..event };
    events::write_once(&mut tx, &event, None).await?;
    tx.commit().await
}

/// Lets an account try again.
pub(in crate::store) async fn lift(
    db: &Database,
    account: &AccountName,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if tx.write(&LIFT, args![account.as_str()]).await? == 0 {
        return Ok(false);
    }
    let detail = format!("{account} may try to sign in again at once");
    let event = NewEvent::of_office(EventKind::SignInReset, detail, actor);
    events::write_once(&mut tx, &event, None).await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes the credentials of a sitting that begins; whether they are as they were judged.
pub(super) async fn accept(tx: &mut Tx, sitting: &NewSitting<'_>) -> Result<bool, StoreError> {
    let Some(judged) = sitting.judged else { return Ok(true) };
    let values = args![
        &sitting.actor.clerk,
        judged.version,
        stored_step(judged.step),
        &sitting.actor.counter,
    ];
    Ok(tx.write(&ACCEPT, values).await? == 1)
}
