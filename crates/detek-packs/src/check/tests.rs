//! Checks of `tests`: that they fit the detector and show what they must.

use super::{Check, instead, unique};
use crate::{
    format::TestCase,
    problem::{Code, Fault},
};
use detek_core::Level;

impl Check<'_> {
    pub(super) fn tests(&mut self) {
        let tests = &self.file.tests;
        unique(tests.iter().map(|test| &test.name), "test", self.faults);
        for test in tests {
            self.test_inputs(test);
            self.test_params(test);
            self.expectation(test);
        }
        let shows = |levels: &[Level]| tests.iter().any(|test| levels.contains(&test.expect.level));
        for (levels, what, help) in [
            (&Level::OF_FINDINGS[..], "fires", "objects in the bad state, and `expect: {level: ..., findings: [...]}`"),
            (&[Level::Normal][..], "is silent", "healthy objects that look like it, and `expect: {level: normal}`"),
            (&[Level::Unknown][..], "is unknown", "an input with `{state: denied}`, and `expect: {level: unknown}`"),
        ] {
            if !shows(levels) {
                let text = format!("no test shows where `{}` {what}", self.file.metadata.id.value);
                self.fault(Code::MissingTest, &self.file.metadata.id, text).set_help(help);
            }
        }
    }

    fn test_inputs(&mut self, test: &TestCase) {
        let inputs = &self.file.spec.inputs;
        for (name, given) in test.inputs.iter() {
            if inputs.get(name).is_none() {
                let text = format!("the detector has no input `{}`", name.value);
                self.fault(Code::UnknownInput, name, text).set_help(instead(name, inputs.names()));
            }
            let Some(file) = &given.file else { continue };
            if !given.items.is_empty() {
                let text = "`items` and `file` exclude each other".into();
                self.fault(Code::WrongValue, file, text).set_help("remove one of them");
            } else if self.around.fixtures.get(file).is_none() {
                let text = format!("there is no file `{}` in the pack", file.value);
                let help = instead(file, self.around.fixtures.paths());
                self.fault(Code::WrongValue, file, text).set_help(help);
            }
        }
        for (name, _) in inputs.iter().filter(|(name, input)| !input.optional && test.inputs.get(name).is_none()) {
            let text = format!("the test does not give the input `{}`", name.value);
            let help = format!("add `{}: []` if it is empty", name.value);
            self.fault(Code::UnknownInput, &test.name, text).set_help(help);
        }
    }

    fn test_params(&mut self, test: &TestCase) {
        for (name, value) in test.params.iter() {
            if self.file.spec.params.get(name).is_none() {
                let text = format!("the detector has no parameter `{}`", name.value);
                let help = instead(name, self.file.spec.params.names());
                self.fault(Code::WrongValue, name, text).set_help(help);
            } else if let Some(Err(text)) = self.param(name).map(|spec| spec.read(value)) {
                let what = format!("the value does not fit the parameter `{}`", name.value);
                self.faults.push(Fault::new(Code::WrongValue, value.at, what).help(text));
            }
        }
    }

    fn expectation(&mut self, test: &TestCase) {
        let expect = &test.expect;
        if !expect.findings.is_empty() && matches!(expect.level.value, Level::Normal | Level::Unknown) {
            let name = expect.level.value.name().to_lowercase();
            let text = format!("a report that is {name} has no findings");
            let help = "its level is that of its worst finding";
            self.faults.push(Fault::new(Code::WrongValue, expect.level.at, text).help(help));
        }
        for finding in &expect.findings {
            let entries = || self.file.spec.detect.iter().map(|entry| entry.id.value.as_str());
            if let Some(detect) = &finding.detect
                && !entries().any(|id| id == detect.value)
            {
                let help = instead(detect, entries());
                self.fault(Code::WrongValue, detect, format!("there is no entry `{}`", detect.value)).set_help(help);
            }
            if let Some(pattern) = &finding.message_matches
                && let Err(error) = regex::Regex::new(pattern)
            {
                let text = format!("`{}` is not a regular expression", pattern.value);
                let cause = error.to_string();
                let cause = cause.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
                self.fault(Code::BadLiteral, pattern, text).set_help(cause);
            }
        }
    }
}
