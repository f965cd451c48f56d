//! `[audit.ship]`: where the sealed log is shipped to.

use crate::config::build::Build;
use crate::config::keys::AUDIT_SHIP;
use crate::config::settings::{NamedShipping, ShippingServer, ShippingSettings, ShippingTarget};

pub(super) fn read(build: &mut Build<'_>) -> Option<NamedShipping> {
    let keys = &AUDIT_SHIP;
    let token = build.secret(&keys.token, &keys.token_file);
    let ca_file = build.get(&keys.ca_file);
    let collector = match build.get(&keys.to) {
        ShippingTarget::Off => return None,
        ShippingTarget::Syslog => match build.get(&keys.host) {
            None => ShippingSettings::LocalSyslog { socket: build.get(&keys.socket) },
            Some(host) => {
                let bracketed = if host.contains(':') { format!("[{host}]") } else { host };
                let place = format!("{bracketed}:{}", build.get(&keys.port));
                ShippingSettings::Syslog(ShippingServer { place, token: None, ca_file })
            }
        },
        ShippingTarget::File => {
            let file = build.get(&keys.file);
            if file.is_none() && !build.findings.is_broken(&keys.file) {
                build.miss(&keys.file, "the file to which entries are written");
            }
            ShippingSettings::File { file: file.unwrap_or_default() }
        }
        ShippingTarget::Https => {
            let place = build.needed(&keys.url, "the address that takes the entries");
            ShippingSettings::Https(ShippingServer { place, token, ca_file })
        }
    };
    Some(NamedShipping { name: build.get(&keys.name), collector })
}
