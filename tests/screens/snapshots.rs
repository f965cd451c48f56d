//! Pictures of every state at the four sizes that are promised, and of the
//! main screens in every theme, without the chrome (see `chrome`). `INSTA_UPDATE=always cargo test --test screens`
//! takes them anew; read the difference before you keep it.

use countersign::config::settings::ThemeName;
use countersign::tui::terminal::capabilities::Capabilities;
use countersign::tui::terminal::color::ColorDepth;

use crate::chrome::without_chrome;
use crate::picture::{shoot, shoot_with};
use crate::states::{self, State};

pub(crate) const SIZES: [(u16, u16); 4] = [(80, 24), (60, 18), (140, 40), (40, 12)];

pub(crate) fn keep(name: &str, picture: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

/// Holds a state to its picture.
pub(crate) fn check(name: &str, (mut model, now): State) {
    let picture = SIZES.map(|size| {
        let shot = without_chrome(&mut model, ThemeName::Terminal, now, size);
        format!("{} by {}\n{}", size.0, size.1, shot.all())
    });
    keep(name, &picture.join("\n"));
}

fn check_theme(name: &str, theme: ThemeName, ascii: bool) {
    let states: [fn() -> State; 13] = [
        states::find_several,
        states::send_one_missing,
        states::send_on_waiting,
        states::enter_code_wrong,
        states::enter_code_locked,
        states::verified_by_sms,
        states::log,
        states::confirm_cancel,
        states::find_revealed,
        states::act_reveal,
        states::approvals,
        states::dashboard_course,
        states::dashboard_alarm_acknowledged,
    ];
    let picture = states.map(|state| {
        let (mut model, now) = state();
        model.shared.place.ascii = ascii;
        without_chrome(&mut model, theme, now, (80, 24)).all()
    });
    keep(name, &picture.join("\n"));
}

#[test]
fn theme_light() {
    check_theme("theme_light", ThemeName::Light, false);
}

#[test]
fn theme_dark() {
    check_theme("theme_dark", ThemeName::Dark, false);
}

#[test]
fn theme_high_contrast() {
    check_theme("theme_high_contrast", ThemeName::HighContrast, false);
}

#[test]
fn theme_mono() {
    check_theme("theme_mono", ThemeName::Mono, false);
}

#[test]
fn theme_ascii() {
    check_theme("theme_ascii", ThemeName::Terminal, true);
}

#[test]
fn theme_of_a_text_console() {
    let picture = [states::find_several(), states::enter_code_wrong(), states::verified_by_sms()]
        .map(|(mut model, now)| {
            model.shared.terminal =
                Capabilities { depth: ColorDepth::Sixteen, console: true, ..model.shared.terminal };
            shoot_with(&model, &model.shared.drawn_theme(), now, (80, 24)).all()
        });
    keep("theme_console", &picture.join("\n"));
}

/// The dashboard uses the width and the height that there is.
#[test]
fn dashboard_on_large_screens() {
    let picture = [(200, 50), (140, 40), (80, 50), (120, 24)].map(|size| {
        let (mut model, now) = states::dashboard_figures();
        let shot = without_chrome(&mut model, ThemeName::Terminal, now, size);
        format!("{} by {}\n{}", size.0, size.1, shot.all())
    });
    keep("dashboard_on_large_screens", &picture.join("\n"));
}

#[test]
fn dashboard_in_colours() {
    let picture = [ThemeName::Light, ThemeName::Dark].map(|theme| {
        let (mut model, now) = states::dashboard_clerks_by_overrides();
        without_chrome(&mut model, theme, now, (200, 50)).all()
    });
    keep("dashboard_in_colours", &picture.join("\n"));
}

#[test]
fn a_small_terminal_is_told_what_is_needed() {
    let (model, now) = states::enter_code_typing();
    let picture = [(39, 12), (40, 11), (20, 5), (3, 2), (1, 1)]
        .map(|size| shoot(&model, ThemeName::Terminal, now, size).all());
    keep("too_small", &picture.join("\n"));
}
