//! The examples in the header's comments run, and do what they say.

use crate::support::bucket::{TestBucket, app_server};
use crate::support::c_program::{CProgram, Linkage};
use crate::support::header::{self, HEADER};
use crate::support::{noise, read, repository};
use oss_emulator::{Config, Emulator};
use std::collections::BTreeSet;
use std::fs;
use tempfile::TempDir;

/// What the examples have not made themselves.
const AROUND: &str = r#"
static int32_t read_data(void *user_data, void *buffer, size_t capacity, size_t *got) {
    static size_t rest = 1000;
    (void)user_data;
    *got = rest < capacity ? rest : capacity;
    memset(buffer, 'r', *got);
    rest -= *got;
    return 0;
}

static int32_t current_key(void *user_data, oss_credentials_answer *answer) {
    (void)user_data;
    CHECK_SETS(oss_credentials_answer_set_access_key_id(answer, needed_variable("OSS_ACCESS_KEY_ID")));
    CHECK_SETS(oss_credentials_answer_set_access_key_secret(answer, needed_variable("OSS_ACCESS_KEY_SECRET")));
    CHECK_SETS(oss_credentials_answer_set_expiry(answer, (int64_t)time(NULL) + 3600));
    return 0;
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    oss_callback *callback = NULL;
    CHECK_SETS(oss_callback_new(needed_variable("CALLBACK_URL"), "object=${object}", &callback, NULL));
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        printf("example %zu\n", i + 1);
        examples[i](bucket, callback, "data", 4);
    }
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    return finish();
}
"#;

/// All examples as functions of one program.
fn program(examples: &[String]) -> String {
    let mut source = "#include \"support.h\"\n#include <time.h>\n\n\
         static int32_t read_data(void *user_data, void *buffer, size_t capacity, size_t *got);\n\
         static int32_t current_key(void *user_data, oss_credentials_answer *answer);\n"
        .to_owned();
    const PARAMETERS: &str =
        "(const oss_bucket *bucket, const oss_callback *callback, const void *data, size_t size)";
    for (index, example) in examples.iter().enumerate() {
        source += &format!(
            "\nstatic void example_{index}{PARAMETERS} {{\n    (void)bucket; (void)callback; (void)data; (void)size;\n    \
             {{\n{example}\n    }}\n}}\n"
        );
    }
    let names: Vec<String> = (0..examples.len()).map(|index| format!("example_{index}")).collect();
    source + &format!("\nstatic void (*const examples[]){PARAMETERS} = {{{}}};\n{AROUND}", names.join(", "))
}

#[test]
fn status_that_nobody_looks_at_is_noticed() {
    let put = "  oss_put_object(bucket, key, data, size, NULL, NULL);";
    let code = format!(
        "{put}\n  oss_status status = oss_abort_multipart(multipart, NULL);\n  oss_result_free(result);\n{put}\n\
         if (oss_credentials_new_anonymous(&nobody, NULL) == OSS_STATUS_OK &&\n  \
         oss_abort_multipart(multipart, NULL) == OSS_STATUS_OK) {{\n"
    );
    assert_eq!(header::unchecked(&code), [put, put]);
}

#[test]
fn examples_of_the_header_look_at_every_status() {
    for example in header::examples(&read(repository(HEADER))) {
        assert_eq!(header::unchecked(&example), Vec::<&str>::new(), "{example}");
    }
}

#[test]
fn every_example_of_the_header_runs() {
    let emulator =
        Emulator::start(Config { buckets: vec!["examplebucket".to_owned()], ..Config::default() }).unwrap();
    let application = app_server();
    let folder = TempDir::new().unwrap();
    let place = folder.path().display().to_string();
    let endpoint = emulator.endpoint();
    // On this machine, the names that the examples use stand for something else.
    let places = [
        ("https://examplebucket.oss-cn-hangzhou.aliyuncs.com", format!("{endpoint}/examplebucket")),
        ("https://oss-cn-hangzhou.aliyuncs.com", endpoint),
        ("http://app.example.com", application.url()),
        ("\"/tmp/", format!("\"{place}/")),
        ("\"/data/", format!("\"{place}/")),
        ("\"/var/lib/myapp/", format!("\"{place}/")),
    ];
    for file in ["photo.jpg", "film.mp4"] {
        fs::write(folder.path().join(file), noise(200_000)).unwrap();
    }
    let mut examples = header::examples(&read(repository(HEADER)));
    for (name, place) in &places {
        let used = examples.iter().filter(|example| example.contains(name)).count();
        assert!(used > 0, "no example uses {name}");
        examples.iter_mut().for_each(|example| *example = example.replace(name, place));
    }
    let source = folder.path().join("examples.c");
    fs::write(&source, program(&examples)).unwrap();
    let bucket = TestBucket { name: "examplebucket".to_owned(), ..TestBucket::emulated(&emulator) }
        .with_callback_url(&application.url());
    let program = CProgram::compile_file(&source, Linkage::Shared);
    let Some(program) = program.watched() else { return };
    let printed = program.run_on(&bucket, &[]);

    assert!(printed.contains(&format!("example {}\n", examples.len())), "{printed}");
    let keys: BTreeSet<String> = emulator.keys("examplebucket").into_iter().collect();
    let expected = ["dir/photo.jpg", "dir/stream.bin", "films/film.mp4", "logs/today.log", "notes/today.txt"];
    for key in expected {
        assert!(keys.contains(key), "{key} is not among {keys:?}; the program printed\n{printed}");
    }
    assert_eq!(emulator.object("examplebucket", "logs/today.log").unwrap().data, b"a line\n".repeat(3));
}
