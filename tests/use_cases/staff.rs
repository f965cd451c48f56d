//! The staff: who may change whom, and that an office keeps an admin.

use countersign::domain::staff::{AccountName, Role, StaffMember};
use countersign::service::staff::{StaffAct, StaffOutcome};

use super::*;

fn account(name: &str) -> AccountName {
    name.parse().expect("an account")
}

fn member(name: &str, role: Role, enabled: bool) -> StaffMember {
    StaffMember { account: account(name), role, enabled }
}

impl Bench {
    async fn staff_act(&self, name: &str, act: StaffAct) -> StaffOutcome {
        self.desk.change_staff(&account(name), act).await.expect("an outcome")
    }

    async fn role(&self, name: &str) -> Option<Role> {
        self.desk.staff_member(&account(name)).await.expect("read").map(|it| it.role)
    }
}

#[tokio::test]
async fn security_31_an_office_keeps_an_admin_and_nobody_changes_themselves() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let own = bench.desk.actor().clerk.clone();
    let add = StaffAct::Add(Role::Admin);
    assert_eq!(bench.staff_act(&own, add).await, StaffOutcome::Yourself);
    let boss = member("boss", Role::Admin, true);
    assert_eq!(bench.staff_act("boss", add).await, StaffOutcome::Changed(boss.clone()));
    assert_eq!(bench.staff_act("boss", add).await, StaffOutcome::AlreadyThere(boss.clone()));
    for act in [StaffAct::Disable, StaffAct::SetRole(Role::Clerk)] {
        assert_eq!(bench.staff_act("boss", act).await, StaffOutcome::LastAdmin, "{act:?}");
    }
    let deputy = member("deputy", Role::Admin, true);
    assert_eq!(bench.staff_act("deputy", add).await, StaffOutcome::Changed(deputy));
    let off = member("boss", Role::Admin, false);
    assert_eq!(bench.staff_act("boss", StaffAct::Disable).await, StaffOutcome::Changed(off));
    assert_eq!(bench.desk.staff_member(&account("boss")).await.expect("read"), None);
    assert_eq!(bench.staff_act("deputy", StaffAct::Disable).await, StaffOutcome::LastAdmin);
    assert_eq!(bench.staff_act("boss", StaffAct::Enable).await, StaffOutcome::Changed(boss));
    assert_eq!(bench.staff_act("nobody", StaffAct::Enable).await, StaffOutcome::NoSuchAccount);
    let clerk = member("dana", Role::Clerk, true);
    let add = StaffAct::Add(Role::Clerk);
    assert_eq!(bench.staff_act("dana", add).await, StaffOutcome::Changed(clerk.clone()));
    let same = StaffAct::SetRole(Role::Clerk);
    assert_eq!(bench.staff_act("dana", same).await, StaffOutcome::Unchanged(clerk));
    let rescued = bench.desk.rescue_staff(&account("dana")).await.expect("an outcome");
    assert_eq!(rescued, StaffOutcome::Changed(member("dana", Role::Admin, true)));
    let entries =
        bench.number("SELECT COUNT(*) FROM core_event WHERE kind = 'staff_changed'").await;
    assert_eq!(entries, 6, "each change is in the log, and nothing else");
}

#[tokio::test]
async fn of_two_admins_who_disable_each_other_at_once_one_remains() {
    for _ in 0..10 {
        let bench = Bench::new(Scripted::fine(), |_| {}).await;
        for name in ["boss", "deputy"] {
            bench.staff_act(name, StaffAct::Add(Role::Admin)).await;
        }
        let (one, other) = tokio::join!(
            bench.staff_act("boss", StaffAct::Disable),
            bench.staff_act("deputy", StaffAct::Disable),
        );
        let last = [&one, &other].into_iter().filter(|it| **it == StaffOutcome::LastAdmin);
        assert_eq!(last.count(), 1, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn security_54_a_role_written_into_the_store_by_hand_is_none() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    bench.staff_act("dana", StaffAct::Add(Role::Clerk)).await;
    assert_eq!(bench.role("dana").await, Some(Role::Clerk));
    bench.behind_its_back("UPDATE core_staff SET role = 'admin' WHERE account = 'dana'").await;
    assert_eq!(bench.role("dana").await, None, "not even the role of before");
    bench
        .behind_its_back(
            "INSERT INTO core_staff (account, role, enabled, version, key_id, mac, changed_at) \
             SELECT 'mallory', role, enabled, version, key_id, mac, changed_at FROM core_staff",
        )
        .await;
    assert_eq!(bench.role("mallory").await, None);
    let genuine: Vec<_> =
        bench.desk.staff().await.expect("listed").iter().map(|it| it.is_genuine).collect();
    assert_eq!(genuine, [false, false]);
}

#[tokio::test]
async fn security_58_a_rotation_is_in_the_log_and_the_staff_stays() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    bench.staff_act("boss", StaffAct::Add(Role::Admin)).await;
    bench.staff_act("dana", StaffAct::Add(Role::Clerk)).await;
    bench.staff_act("dana", StaffAct::Disable).await;
    // Not written by the desk: it is not signed anew.
    bench
        .behind_its_back(
            "INSERT INTO core_staff (account, role, enabled, version, key_id, mac, changed_at) \
             SELECT 'mallory', role, enabled, version, key_id, mac, changed_at FROM core_staff \
             WHERE account = 'boss'",
        )
        .await;
    let old = ring("k1", 7);
    let new = KeyId::new("k2").expect("a name");
    let rotated = Keyring::new(new.clone(), Key::new([8; 32]));
    let (old_id, old_key) = old.current();
    let both = rotated.clone().with_retired(old_id.clone(), old_key.clone());
    *bench.keys.0.lock().expect("unpoisoned") = both;
    bench.desk.keys_rotated(&new).await.expect("done");
    // The old key is gone, as after an hour.
    *bench.keys.0.lock().expect("unpoisoned") = rotated;
    bench.desk.keys_rotated(&new).await.expect("done again");
    assert_eq!(bench.role("boss").await, Some(Role::Admin));
    assert_eq!(bench.role("mallory").await, None);
    let staff = bench.desk.staff().await.expect("listed");
    let dana = staff.iter().find(|it| it.member.account == account("dana")).expect("dana");
    assert_eq!((dana.member.enabled, dana.is_genuine), (false, true));
    let told = bench.number("SELECT COUNT(*) FROM core_event WHERE kind = 'keys_rotated'").await;
    assert_eq!(told, 2);
}
