//! Headless Chromium over a pipe: messages of the DevTools protocol, each ended by NUL.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The protocol is spoken on file descriptors 3 and 4; `timeout` ends a browser that hangs, and with it the pipe.
const LAUNCH: &str = "exec timeout 300 chromium --headless --no-sandbox --disable-gpu --no-first-run \
    --remote-debugging-pipe --user-data-dir=\"$0\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Of the window, in CSS pixels.
    pub(crate) width: u32,
    /// `light` or `dark`.
    pub(crate) scheme: &'static str,
    /// Whether the page may run scripts.
    pub(crate) scripts: bool,
}

impl View {
    /// A wide, light window.
    pub(crate) const WIDE: View = View { width: 1280, scheme: "light", scripts: true };
}

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    sent: u64,
    session: Option<String>,
    /// What the page wrote to the console, and what the browser had to say about it.
    pub(crate) log: Vec<String>,
    /// Removed after the browser, which writes to it until it ends.
    _profile: TempDir,
}

impl Browser {
    /// Starts one, if the real tier was asked for.
    ///
    /// # Panics
    /// When there is no Chromium: this tier was asked for.
    pub(crate) fn start() -> Option<Self> {
        if std::env::var_os("DETEK_REAL").is_none_or(|value| value.is_empty()) {
            // To the stream itself: the harness captures the macros of tests that pass.
            writeln!(std::io::stderr(), "SKIPPED: needs Chromium and axe-core; set DETEK_REAL=1 (tests/web/README.md)")
                .expect("standard error can be written");
            return None;
        }
        let profile = tempfile::tempdir().expect("a folder can be made");
        let mut child = Command::new("sh")
            .args(["-c", LAUNCH])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let to = child.stdin.take().expect("it was piped");
        let from = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut browser = Browser { child, to, from, sent: 0, session: None, log: Vec::new(), _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let session = browser.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, json!({}));
        }
        browser.call("Performance.enable", json!({"timeDomain": "threadTicks"}));
        Some(browser)
    }

    /// Loads `file` (with `hash`, which may be empty) anew and returns when it and its scripts are done.
    pub(crate) fn open(&mut self, file: &Path, hash: &str, view: View) {
        let size = json!({"width": view.width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        self.media("", view.scheme);
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": !view.scripts}));
        // A change of the hash alone would not load the page again.
        self.load("about:blank");
        self.log.clear();
        self.load(&format!("file://{}{hash}", file.display()));
    }

    fn load(&mut self, address: &str) {
        self.call("Page.navigate", json!({"url": address}));
        while self.receive()["method"] != "Page.loadEventFired" {}
    }

    /// `screen` or `print`, and the preferred colours.
    pub(crate) fn media(&mut self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"media": media, "features": features}));
    }

    /// The value of an expression, awaited. Runs beside the page: its policy and its ban on scripts do not apply.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Seconds of work that the page has cost since it was opened, whatever else the machine does.
    pub(crate) fn busy(&mut self) -> f64 {
        let metrics = self.call("Performance.getMetrics", json!({}));
        let metrics = metrics["metrics"].as_array().expect("a list");
        let value = |name| metrics.iter().find(|metric| metric["name"] == name)?["value"].as_f64();
        value("TaskDuration").expect("a number")
    }

    /// Presses a key: one character, or `Tab`, `Enter`, `Escape`.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            character => (0, character),
        };
        let event = json!({"type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code});
        self.call("Input.dispatchKeyEvent", event);
        self.call("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}));
    }

    /// Types into what has the focus.
    pub(crate) fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers write the parameters where they call")]
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("chromium listens: is it installed?");
        loop {
            let answer = self.receive();
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn receive(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).expect("the pipe can be read");
        assert_eq!(message.pop(), Some(0), "chromium has ended: is it installed?");
        let message: Value = serde_json::from_slice(&message).expect("the protocol is JSON");
        if let Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") =
            message["method"].as_str()
        {
            self.log.push(message["params"].to_string());
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        let close = json!({"id": 0, "method": "Browser.close"});
        // It may have ended already.
        let _ = self.to.write_all(format!("{close}\0").as_bytes());
        let _ = self.child.wait();
    }
}
