/* Uploads a file of any size: in parts, several at a time, and shows how it gets on. Ctrl-C ends it cleanly; with
 * --checkpoint the same command then goes on where it stopped.
 *
 *   upload_file [OPTIONS] FILE [KEY]     upload_file --help lists the options */
#define _POSIX_C_SOURCE 200809L
#include "example.h"
#include <getopt.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char HELP[] =
    "usage: upload_file [OPTIONS] FILE [KEY]\n"
    "Uploads FILE to OSS as the object KEY, by default under the file's own name; - is the standard input.\n\n"
    "  --callback-url URL        have OSS call this application server when the object is stored\n"
    "  --callback-body TEMPLATE  what it is told; by default bucket, object, etag, size, crc64 and every --var\n"
    "  --var x:NAME=VALUE        what ${x:NAME} in the template stands for; can be repeated\n"
    "  --part-size SIZE          how large a part is; a file that fits into one is sent whole\n"
    "  --parallel N              how many parts are sent at once\n"
    "  --checkpoint FOLDER       keep a record there, so that the same command can go on with a stopped upload\n"
    "  --rate SIZE               send at most so many bytes a second\n"
    "  --help                    show this\n\n"
    "A SIZE is in bytes, or in KiB, MiB or GiB with K, M or G after it.\n"
    "Environment: OSS_ENDPOINT, OSS_BUCKET, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET; OSS_REGION is optional.\n"
    "Exit code: 0 all went well; 1 it failed; 2 wrong usage; 3 the object is stored, but the callback failed or what\n"
    "became of it is not known; 130 cancelled by Ctrl-C, 143 by SIGTERM.\n";

static const struct option OPTIONS[] = {
    {"callback-url", required_argument, NULL, 'u'}, {"callback-body", required_argument, NULL, 'b'},
    {"var", required_argument, NULL, 'v'},          {"part-size", required_argument, NULL, 's'},
    {"parallel", required_argument, NULL, 'p'},     {"checkpoint", required_argument, NULL, 'c'},
    {"rate", required_argument, NULL, 'r'},         {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

#define CLEAR "\033[K" /* what stands on a terminal's line from here on */
enum { GO_ON = -1, LONGEST_BODY = 8192, WORDS = 32, FACTS = 128, LINE = 160 };

struct job {
    const char *path, *key, *callback_url, *callback_body, *checkpoint;
    char **variables; /* x:NAME, and VALUE behind its NUL */
    size_t variable_count;
    oss_upload_options *options;
};

/* ---- What is asked for ---- */

static bool refuse(const char *what, const char *rule) {
    fprintf(stderr, "upload_file: %s: %s\n", what, rule);
    return false;
}

static bool read_number(const char *text, uint64_t *number) {
    static const char units[] = "KMG";
    char *end;
    if (*text < '0' || *text > '9') return false;
    *number = strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;
    if (end[unit != NULL] != '\0' || *number > UINT64_MAX >> shift) return false;
    *number <<= shift;
    return true;
}

static bool take_number(oss_upload_options *options, const struct option *option, const char *text) {
    uint64_t number;
    oss_status status;
    if (!read_number(text, &number)) return refuse(option->name, "not a whole number, nor one with K, M or G after it");
    switch (option->val) {
    case 'p': status = oss_upload_options_set_parallel(options, number > 9999 ? 9999 : (uint32_t)number); break;
    case 'r': status = oss_upload_options_set_rate_limit(options, number); break;
    default:
        status = oss_upload_options_set_part_size(options, number);
        /* Who asks for parts of this size wants nothing larger to go in one piece. */
        if (status == OSS_STATUS_OK && number > 0) status = oss_upload_options_set_threshold(options, number);
    }
    return status == OSS_STATUS_OK || refuse(option->name, oss_upload_options_error(options));
}

static bool take_option(struct job *job, const struct option *option, char *value) {
    switch (option->val) {
    case 'u': job->callback_url = value; return true;
    case 'b': job->callback_body = value; return true;
    case 'c': job->checkpoint = value; return true;
    case 'v': break;
    default: return take_number(job->options, option, value);
    }
    char *equals = strchr(value, '=');
    if (strncmp(value, "x:", 2) != 0 || equals == NULL) return refuse(value, "a variable is written x:NAME=VALUE");
    *equals = '\0';
    job->variables[job->variable_count++] = value;
    return true;
}

/* Paths are bytes, in whatever encoding. */
static bool is_utf8(const char *text) {
    return setlocale(LC_CTYPE, "C.UTF-8") == NULL || mbstowcs(NULL, text, 0) != (size_t)-1;
}

static bool take_names(struct job *job, int count, char **names) {
    if (count < 1) return refuse("FILE", "missing; see upload_file --help");
    if (count > 2) return refuse(names[2], "one too many: there is one FILE and at most one KEY");
    if (job->callback_url == NULL && (job->callback_body != NULL || job->variable_count > 0))
        return refuse("callback-body and var", "there is no callback without --callback-url");
    if (oss_upload_options_set_checkpoint(job->options, job->checkpoint) != OSS_STATUS_OK)
        return refuse("checkpoint", oss_upload_options_error(job->options));
    if (strcmp(names[0], "-") == 0 && count < 2) return refuse("KEY", "missing: the standard input has no name");
    const char *slash = strrchr(names[0], '/');
    job->path = names[0];
    job->key = count == 2 ? names[1] : slash != NULL ? slash + 1 : names[0];
    if (count < 2 && !is_utf8(job->key)) return refuse("KEY", "missing: keys are UTF-8, and the name of FILE is not");
    return true;
}

static int read_arguments(struct job *job, int count, char **arguments) {
    int found, index = 0;
    while ((found = getopt_long(count, arguments, "", OPTIONS, &index)) != -1) {
        if (found == 'h') return fputs(HELP, stdout) >= 0 ? EXIT_OK : EXIT_FAILED;
        if (found == '?' || !take_option(job, &OPTIONS[index], optarg)) return EXIT_USAGE;
    }
    return take_names(job, count - optind, arguments + optind) ? GO_ON : EXIT_USAGE;
}

/* The variable x:user is told as "user". What is cut off here is too long for the library anyway. */
static void write_default_body(const struct job *job, char *body) {
    int size = snprintf(body, LONGEST_BODY,
                        "bucket=${bucket}&object=${object}&etag=${etag}&size=${size}&crc64=${crc64}");
    for (size_t i = 0; i < job->variable_count && size < LONGEST_BODY; i++)
        size += snprintf(body + size, (size_t)(LONGEST_BODY - size), "&%s=${%s}", job->variables[i] + strlen("x:"),
                         job->variables[i]);
}

/* False after saying which rule is broken. */
static bool make_callback(const struct job *job, oss_callback **callback) {
    char made[LONGEST_BODY];
    const char *body = job->callback_body != NULL ? job->callback_body : made;
    oss_result *result = NULL;
    write_default_body(job, made);
    oss_status status = oss_callback_new(job->callback_url, body, callback, &result);
    for (size_t i = 0; i < job->variable_count && status == OSS_STATUS_OK; i++) {
        const char *name = job->variables[i], *value = name + strlen(name) + 1;
        status = oss_callback_add_variable(*callback, name, value);
    }
    if (status != OSS_STATUS_OK)
        fprintf(stderr, "upload_file: the callback: %s%s\n", oss_result_message(result), oss_callback_error(*callback));
    oss_result_free(result);
    return status == OSS_STATUS_OK;
}

/* ---- How it gets on ---- */

struct meter {
    bool terminal;
    int sent, accepted; /* the steps that were shown last, -1 for none */
};

static const char *in_words(char *words, uint64_t number) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double bytes = (double)number;
    int unit = 0;
    for (; bytes >= 1000 && unit < 4; unit++) bytes /= 1024;
    snprintf(words, WORDS, "%.*f %s", unit > 0, bytes, units[unit]);
    return words;
}

/* What has arrived counts as sent: this system holds much of the rest. */
static void write_facts(const oss_progress *progress, char *facts) {
    char sent[WORDS], all[WORDS], accepted[WORDS], speed[WORDS];
    uint64_t total = oss_progress_total(progress), arrived = oss_progress_acknowledged(progress);
    uint64_t rate = oss_progress_rate(progress);
    bool known = total != OSS_LENGTH_UNKNOWN;
    int size = snprintf(facts, FACTS, "%s%s%s sent, %s accepted", in_words(sent, arrived), known ? " of " : "",
                        known ? in_words(all, total) : "", in_words(accepted, oss_progress_accepted(progress)));
    if (rate > 0) size += snprintf(facts + size, (size_t)(FACTS - size), "  %s/s", in_words(speed, rate));
    if (rate > 0 && known && arrived < total) {
        unsigned left = (total - arrived) / rate < 359999 ? (unsigned)((total - arrived) / rate) : 359999;
        snprintf(facts + size, (size_t)(FACTS - size), "  %u:%02u:%02u left", left / 3600, left / 60 % 60, left % 60);
    }
}

static void draw_bar(int percent, const char *facts) {
    static const char full[] = "================";
    char line[LINE];
    struct winsize window = {.ws_col = 0};
    ioctl(STDERR_FILENO, TIOCGWINSZ, &window);
    if (percent < 0)
        snprintf(line, LINE, "%s", facts);
    else
        snprintf(line, LINE, "%3d%% [%-16.*s] %s", percent, percent * 16 / 100, full, facts);
    fprintf(stderr, "\r%.*s" CLEAR, window.ws_col > 0 ? window.ws_col - 1 : LINE, line);
}

static int percent_of(uint64_t bytes, uint64_t total) { return total > 0 ? (int)(bytes * 100 / total) : 100; }

/* A plain line comes with each tenth, or each time that the number of parts has doubled if nobody knows how many there are. */
static bool is_news(struct meter *meter, const oss_progress *progress) {
    uint64_t total = oss_progress_total(progress), parts = oss_progress_parts_done(progress);
    int sent = percent_of(oss_progress_acknowledged(progress), total) / 10;
    int accepted = percent_of(oss_progress_accepted(progress), total) / 10;
    if (total == OSS_LENGTH_UNKNOWN)
        for (sent = accepted = 0; parts > 0; parts /= 2) accepted++;
    if (sent <= meter->sent && accepted <= meter->accepted) return false;
    meter->sent = sent > meter->sent ? sent : meter->sent;
    meter->accepted = accepted;
    return true;
}

static int32_t show_progress(void *data, const oss_progress *progress) {
    struct meter *meter = data;
    char facts[FACTS];
    uint64_t total = oss_progress_total(progress);
    int percent = total != OSS_LENGTH_UNKNOWN ? percent_of(oss_progress_acknowledged(progress), total) : -1;
    bool news = is_news(meter, progress);
    write_facts(progress, facts);
    if (meter->terminal)
        draw_bar(percent, facts);
    else if (news && percent >= 0)
        fprintf(stderr, "%3d%%  %s\n", percent, facts);
    else if (news)
        fprintf(stderr, "%s\n", facts);
    return 0;
}

/* What went wrong and is tried again. What becomes of the upload in the end is printed then. */
static int32_t show_log(void *data, int32_t level, const char *line) {
    const struct meter *meter = data;
    if (level == OSS_LOG_LEVEL_WARNING)
        fprintf(stderr, "%supload_file: %s\n", meter->terminal ? "\r" CLEAR : "", line);
    return 0;
}

/* ---- The upload ---- */

static oss_cancel *cancel; /* made before signals are caught, freed after */
static volatile sig_atomic_t caught;

static void on_signal(int number) {
    caught = number;
    oss_cancel_fire(cancel);
}

static void catch_signals(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void print_field(const char *name, const char *value) {
    if (*value != '\0') printf("%-12s %s\n", name, value);
}

static void print_outcome(const struct job *job, const oss_result *result) {
    static const char *const stored[] = {"no", "yes", "unknown"};
    oss_status status = oss_result_status(result);
    uint64_t crc64;
    size_t size;
    char sent[WORDS];
    const char *answer = oss_result_body(result, &size);
    print_field("object:", job->key);
    if (oss_result_crc64(result, &crc64)) printf("CRC-64:      %" PRIu64 "\n", crc64);
    print_field("status:", oss_status_name((int)status));
    print_field("stored:", stored[oss_result_stored(result)]);
    print_field("ETag:", oss_result_etag(result));
    print_field("request id:", oss_result_request_id(result));
    if (oss_result_sum_attempts(result) > 0)
        printf("sent:        %s in %" PRIu64 " requests\n", in_words(sent, oss_result_sum_bytes_sent(result)),
               oss_result_sum_attempts(result));
    print_field("message:", oss_result_message(result)); /* with the code and the message of OSS's error */
    if (status == OSS_STATUS_OK && job->callback_url != NULL) { /* without a callback the answer is OSS's own */
        print_field("answer:", oss_result_content_type(result));
        printf("%.*s\n", (int)size, answer);
    }
    if (status == OSS_STATUS_CALLBACK_FAILED)
        printf("The object is stored, but the application server was not told, or failed. Tell it by other means.\n");
    if (status == OSS_STATUS_CALLBACK_UNKNOWN)
        printf("The object is stored. Whether the application server was told is not known: ask it.\n");
    fflush(stdout); /* what comes on stderr comes after */
}

static int exit_code(oss_status status) {
    if (status == OSS_STATUS_OK) return EXIT_OK;
    /* A signal also ends the reading of the standard input. */
    if (status == OSS_STATUS_CANCELLED || (status == OSS_STATUS_LOCAL_IO && caught != 0)) return 128 + caught;
    if (status == OSS_STATUS_INVALID_ARGUMENT) return EXIT_USAGE;
    bool stored = status == OSS_STATUS_CALLBACK_FAILED || status == OSS_STATUS_CALLBACK_UNKNOWN;
    return stored ? EXIT_STORED_WITHOUT_CALLBACK : EXIT_FAILED;
}

static void say_how_to_go_on(const struct job *job, const oss_result *result) {
    const char *upload_id = oss_result_upload_id(result);
    bool cancelled = oss_result_status(result) == OSS_STATUS_CANCELLED;
    if (job->checkpoint != NULL && (cancelled || *upload_id != '\0'))
        fprintf(stderr, "upload_file: to go on where it stopped, run the same command again\n");
    else if (*upload_id != '\0')
        fprintf(stderr, "upload_file: parts of upload %s may be at OSS, where they cost money\n", upload_id);
    else if (cancelled && oss_result_stored(result) == OSS_STORED_NO)
        fprintf(stderr, "upload_file: nothing of it is left at OSS; with --checkpoint it could be resumed\n");
}

static int32_t read_input(void *data, void *buffer, size_t capacity, size_t *got) {
    ssize_t count = read(*(int *)data, buffer, capacity);
    *got = count > 0 ? (size_t)count : 0;
    return count < 0 ? -1 : 0;
}

static int upload(const struct job *job, const oss_bucket *bucket, const oss_callback *callback,
                  struct meter *meter) {
    int input = STDIN_FILENO;
    bool is_input = strcmp(job->path, "-") == 0;
    oss_body *body = is_input ? oss_body_from_reader(read_input, NULL, &input, OSS_LENGTH_UNKNOWN)
                              : oss_body_from_file(job->path);
    oss_result *result = NULL;
    cancel = oss_cancel_new();
    oss_upload_options_set_cancel(job->options, cancel);
    oss_upload_options_set_progress(job->options, show_progress, meter);
    catch_signals(on_signal);
    oss_status status = oss_upload_object(bucket, job->key, body, callback, job->options, &result);
    catch_signals(SIG_DFL);
    if (meter->terminal && meter->accepted >= 0) fputc('\n', stderr);
    if (status == OSS_STATUS_INVALID_ARGUMENT)
        refuse(job->key, oss_result_message(result));
    else
        print_outcome(job, result);
    say_how_to_go_on(job, result);
    oss_result_free(result);
    oss_cancel_free(cancel);
    oss_body_free(body);
    return exit_code(status);
}

int main(int argc, char **argv) {
    char *variables[argc + 1];
    struct job job = {.variables = variables, .options = oss_upload_options_new()};
    struct meter meter = {.terminal = isatty(STDERR_FILENO), .sent = -1, .accepted = -1};
    oss_bucket_options *bucket_options = oss_bucket_options_new();
    oss_callback *callback = NULL;
    oss_bucket *bucket = NULL;
    int code = read_arguments(&job, argc, argv);
    if (code == GO_ON && job.callback_url != NULL && !make_callback(&job, &callback)) code = EXIT_USAGE;
    if (code == GO_ON) {
        oss_bucket_options_set_log(bucket_options, OSS_LOG_LEVEL_WARNING, show_log, &meter);
        bucket = open_bucket_with(bucket_options);
        code = bucket != NULL ? upload(&job, bucket, callback, &meter) : EXIT_FAILED;
    }
    oss_bucket_free(bucket);
    oss_bucket_options_free(bucket_options);
    oss_callback_free(callback);
    oss_upload_options_free(job.options);
    return code;
}
