//! What a customer reads at the pad, in the languages that message templates have.
//!
//! Short sentences, and no word that has to agree with a number. `{digits}` and `{tries}` stand
//! for numbers.

use crate::domain::locale;
use crate::domain::outcome::Outcome;

/// The sentences of one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// The language's tag.
    pub locale: &'static str,
    /// Whether it is written in a Latin alphabet.
    pub is_latin: bool,
    /// Nothing is asked for.
    pub wait: &'static str,
    /// Before the word in the message.
    pub type_code: &'static str,
    /// Where the code is one of an authenticator.
    pub type_shown: &'static str,
    /// What the keys do.
    pub keys: &'static str,
    /// The code is being checked.
    pub checking: &'static str,
    /// It was right.
    pub thanks: &'static str,
    /// It was wrong.
    pub wrong: &'static str,
    /// One of an authenticator was wrong, or used before.
    pub wrong_shown: &'static str,
    /// It was one of another message.
    pub older: &'static str,
    /// No code helps any more.
    pub ask_clerk: &'static str,
    /// Another message was sent.
    pub replaced: &'static str,
    /// Digits are missing.
    pub too_short: &'static str,
    /// So many tries are left.
    pub tries: &'static str,
    /// The desk cannot be reached.
    pub lost: &'static str,
}

/// Every language; the first one where none other fits.
pub const ALL: [Words; 7] = [EN, AR, DE, ES, FR, HI, ZH];

const EN: Words = Words {
    locale: "en",
    is_latin: true,
    wait: "Please wait. The clerk will send you a code.",
    type_code: "Type the {digits} digits of the message with this word:",
    type_shown: "Type the {digits} digits that your authenticator shows now:",
    keys: "Enter: check   Backspace: back",
    checking: "One moment, please.",
    thanks: "Thank you. The code is right.",
    wrong: "This code is wrong. Please look at the message again.",
    wrong_shown: "This code is not right. Wait for the next one, and type that.",
    older: "This code is of another message. Look for the word above.",
    ask_clerk: "This code cannot be used. Please speak to the clerk.",
    replaced: "A new message was sent. Look for the word above.",
    too_short: "The code has {digits} digits.",
    tries: "Tries left: {tries}",
    lost: "One moment, please. The connection is being restored.",
};

const AR: Words = Words {
    locale: "ar",
    is_latin: false,
    wait: "يرجى الانتظار. سيرسل لك الموظف رمزًا.",
    type_code: "اكتب الرمز المكون من {digits} أرقام من الرسالة التي تحمل هذه الكلمة:",
    type_shown: "اكتب الأرقام الـ {digits} التي يعرضها تطبيق المصادقة الآن:",
    keys: "Enter: تحقق   Backspace: رجوع",
    checking: "لحظة من فضلك.",
    thanks: "شكرًا لك. الرمز صحيح.",
    wrong: "هذا الرمز خاطئ. يرجى النظر إلى الرسالة مرة أخرى.",
    wrong_shown: "هذا الرمز غير صحيح. انتظر الرمز التالي ثم اكتبه.",
    older: "هذا الرمز من رسالة أخرى. ابحث عن الكلمة أعلاه.",
    ask_clerk: "لا يمكن استخدام هذا الرمز. يرجى التحدث إلى الموظف.",
    replaced: "تم إرسال رسالة جديدة. ابحث عن الكلمة أعلاه.",
    too_short: "يتكون الرمز من {digits} أرقام.",
    tries: "المحاولات المتبقية: {tries}",
    lost: "لحظة من فضلك. تجري إعادة الاتصال.",
};

const DE: Words = Words {
    locale: "de",
    is_latin: true,
    wait: "Bitte warten. Sie bekommen gleich einen Code.",
    type_code: "Tippen Sie die {digits} Ziffern aus der Nachricht mit diesem Wort:",
    type_shown: "Tippen Sie die {digits} Ziffern, die Ihre Authenticator-App jetzt zeigt:",
    keys: "Enter: prüfen   Rücktaste: zurück",
    checking: "Einen Moment, bitte.",
    thanks: "Danke. Der Code ist richtig.",
    wrong: "Dieser Code ist falsch. Bitte sehen Sie noch einmal in die Nachricht.",
    wrong_shown: "Dieser Code stimmt nicht. Warten Sie auf den nächsten, und tippen Sie ihn.",
    older: "Dieser Code ist aus einer anderen Nachricht. Suchen Sie das Wort oben.",
    ask_clerk: "Dieser Code gilt nicht mehr. Bitte sprechen Sie am Schalter.",
    replaced: "Es kam eine neue Nachricht. Suchen Sie das Wort oben.",
    too_short: "Der Code hat {digits} Ziffern.",
    tries: "Versuche übrig: {tries}",
    lost: "Einen Moment, bitte. Die Verbindung kommt gleich wieder.",
};

const ES: Words = Words {
    locale: "es",
    is_latin: true,
    wait: "Espere, por favor. Le enviarán un código.",
    type_code: "Escriba los {digits} dígitos del mensaje con esta palabra:",
    type_shown: "Escriba los {digits} dígitos que muestra ahora su autenticador:",
    keys: "Intro: comprobar   Retroceso: borrar",
    checking: "Un momento, por favor.",
    thanks: "Gracias. El código es correcto.",
    wrong: "Este código no es correcto. Mire el mensaje otra vez.",
    wrong_shown: "Este código no es correcto. Espere el siguiente y escríbalo.",
    older: "Este código es de otro mensaje. Busque la palabra de arriba.",
    ask_clerk: "Este código ya no sirve. Hable con el personal, por favor.",
    replaced: "Se envió un mensaje nuevo. Busque la palabra de arriba.",
    too_short: "El código tiene {digits} dígitos.",
    tries: "Intentos restantes: {tries}",
    lost: "Un momento, por favor. Se restablece la conexión.",
};

const FR: Words = Words {
    locale: "fr",
    is_latin: true,
    wait: "Veuillez patienter. Un code va vous être envoyé.",
    type_code: "Tapez les {digits} chiffres du message avec ce mot :",
    type_shown: "Tapez les {digits} chiffres que votre authentificateur affiche :",
    keys: "Entrée : vérifier   Retour : effacer",
    checking: "Un instant, s'il vous plaît.",
    thanks: "Merci. Le code est correct.",
    wrong: "Ce code est faux. Veuillez relire le message.",
    wrong_shown: "Ce code n'est pas bon. Attendez le suivant et tapez-le.",
    older: "Ce code vient d'un autre message. Cherchez le mot ci-dessus.",
    ask_clerk: "Ce code ne peut plus servir. Adressez-vous au guichet.",
    replaced: "Un nouveau message a été envoyé. Cherchez le mot ci-dessus.",
    too_short: "Le code a {digits} chiffres.",
    tries: "Essais restants : {tries}",
    lost: "Un instant, s'il vous plaît. La connexion est rétablie.",
};

const HI: Words = Words {
    locale: "hi",
    is_latin: false,
    wait: "कृपया प्रतीक्षा करें। आपको एक कोड भेजा जाएगा।",
    type_code: "इस शब्द वाले संदेश के {digits} अंक टाइप करें:",
    type_shown: "आपका ऑथेंटिकेटर अभी जो {digits} अंक दिखाता है, वे टाइप करें:",
    keys: "Enter: जाँचें   Backspace: मिटाएँ",
    checking: "कृपया एक क्षण रुकें।",
    thanks: "धन्यवाद। कोड सही है।",
    wrong: "यह कोड गलत है। कृपया संदेश फिर से देखें।",
    wrong_shown: "यह कोड सही नहीं है। अगले कोड की प्रतीक्षा करें और उसे टाइप करें।",
    older: "यह कोड किसी दूसरे संदेश का है। ऊपर वाला शब्द देखें।",
    ask_clerk: "यह कोड अब काम नहीं करता। कृपया क्लर्क से बात करें।",
    replaced: "नया संदेश भेजा गया है। ऊपर वाला शब्द देखें।",
    too_short: "कोड में {digits} अंक हैं।",
    tries: "शेष प्रयास: {tries}",
    lost: "कृपया एक क्षण रुकें। कनेक्शन फिर से जुड़ रहा है।",
};

const ZH: Words = Words {
    locale: "zh",
    is_latin: false,
    wait: "请稍候。工作人员将向您发送验证码。",
    type_code: "请输入带有此标识的短信或邮件中的 {digits} 位数字：",
    type_shown: "请输入您的身份验证器现在显示的 {digits} 位数字：",
    keys: "Enter：确认   Backspace：删除",
    checking: "请稍候。",
    thanks: "谢谢。验证码正确。",
    wrong: "验证码错误。请再看一下消息。",
    wrong_shown: "验证码不正确。请等待下一个验证码并输入。",
    older: "这是另一条消息的验证码。请查看上面的标识。",
    ask_clerk: "此验证码已不能使用。请咨询工作人员。",
    replaced: "已发送新的消息。请查看上面的标识。",
    too_short: "验证码共 {digits} 位数字。",
    tries: "剩余次数：{tries}",
    lost: "请稍候。正在恢复连接。",
};

/// The words for the first of these languages that there are, and that can be shown.
pub fn of(locales: &[String], latin_only: bool) -> &'static Words {
    let shown = |words: &&Words| words.is_latin || !latin_only;
    let chain = locale::chain(locales.iter().map(String::as_str));
    let found = chain.iter().find_map(|tag| ALL.iter().find(|it| it.locale == tag));
    found.filter(shown).unwrap_or(&ALL[0])
}

impl Words {
    /// What is said of a code that was not accepted.
    pub const fn refused(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Wrong => self.wrong,
            Outcome::Superseded => self.older,
            _ => self.ask_clerk,
        }
    }

    /// The same of a code of an authenticator.
    pub const fn refused_shown(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Wrong | Outcome::Used => self.wrong_shown,
            _ => self.ask_clerk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn a_customer_reads_their_language_where_the_terminal_can_show_it() {
        for (locales, latin_only, expected) in [
            (&["de-AT", "en"][..], false, "de"),
            (&["zh_Hans_CN", "de"], false, "zh"),
            (&["zh_Hans_CN", "de"], true, "en"),
            (&["sv", "fr"], false, "fr"),
            (&["sv"], false, "en"),
            (&[], false, "en"),
        ] {
            assert_eq!(of(&tags(locales), latin_only).locale, expected, "{locales:?}");
        }
    }

    #[test]
    fn every_language_of_the_templates_is_there_and_names_the_same_numbers() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/templates");
        let folders = std::fs::read_dir(folder).expect("the templates").flatten();
        let mut languages: Vec<_> = folders
            .filter(|it| it.path().is_dir())
            .map(|it| it.file_name().to_string_lossy().into_owned())
            .collect();
        languages.sort();
        let mut ours: Vec<_> = ALL.iter().map(|it| it.locale).collect();
        ours.sort_unstable();
        assert_eq!(ours, languages);
        for words in &ALL {
            for text in [words.type_code, words.type_shown, words.too_short] {
                assert!(text.contains("{digits}"), "{}: {text}", words.locale);
            }
            assert!(words.tries.contains("{tries}"), "{}", words.locale);
        }
    }
}
