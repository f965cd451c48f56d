//! The lowest floor: the same update by each database's own C client.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::place::Place;

const UPDATES: u64 = 20_000;

/// Updates per second by eight connections (SQLite: by its single writer); `None` if the client is
/// not installed.
pub(crate) fn updates(place: &Place) -> Option<f64> {
    let since = Instant::now();
    match place {
        Place::Sqlite(file) => {
            let update = "UPDATE floor_row SET attempts = attempts + 1 \
                          WHERE id = 1 AND attempts < 1000000000;\n";
            let script =
                format!(".output /dev/null\nPRAGMA synchronous = FULL;\n{}", update.repeat(2_000));
            let mut child = Command::new("sqlite3").arg(file).stdin(Stdio::piped()).spawn().ok()?;
            child.stdin.take()?.write_all(script.as_bytes()).ok()?;
            child.wait().ok()?;
            Some(2_000.0 / since.elapsed().as_secs_f64())
        }
        Place::Postgres(url) => {
            let script = std::env::temp_dir().join("countersign-bench.sql");
            std::fs::write(
                &script,
                "\\set id random(0, 7)\nUPDATE countersign.floor_row SET attempts = attempts + 1 \
                 WHERE id = :id AND attempts < 1000000000;\n",
            )
            .ok()?;
            let output = Command::new("pgbench")
                .args(["-n", "-M", "prepared", "-c", "8", "-j", "2", "-t"])
                .arg((UPDATES / 8).to_string())
                .arg("-f")
                .arg(&script)
                .arg(url)
                .output()
                .ok()?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let line = said.lines().find(|it| it.starts_with("tps"))?;
            line.split_whitespace().nth(2)?.parse().ok()
        }
        Place::Mysql(url) => {
            let (account, rest) = url.trim_start_matches("mysql://").split_once('@')?;
            let (user, password) = account.split_once(':')?;
            let (host, rest) = rest.split_once(':')?;
            let (port, database) = rest.split_once('/')?;
            let done = Command::new("mariadb-slap")
                .env("MYSQL_PWD", password)
                .args(["--no-defaults", "-h", host, "-P", port, "-u", user])
                .args(["--concurrency=8", "--create-schema", database, "--no-drop"])
                .arg(format!("--number-of-queries={UPDATES}"))
                .arg(
                    "--query=UPDATE floor_row SET attempts = attempts + 1 \
                     WHERE id = 1 AND attempts < 1000000000",
                )
                .stdout(Stdio::null())
                .status()
                .ok()?;
            done.success().then(|| UPDATES as f64 / since.elapsed().as_secs_f64())
        }
    }
}
