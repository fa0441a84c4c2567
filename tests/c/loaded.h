/* The library as a program has it that was not linked with it: loaded from a path, with what a put needs. */
#ifndef TEST_LOADED_H
#define TEST_LOADED_H

#include <dlfcn.h>
#include <oss_upload.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct loaded {
    void *library;
    oss_status (*credentials_new_from_environment)(oss_credentials **, oss_result **);
    void (*credentials_free)(oss_credentials *);
    oss_bucket_options *(*options_new)(void);
    oss_status (*options_set_region)(oss_bucket_options *, const char *);
    oss_status (*options_set_ca_file)(oss_bucket_options *, const char *);
    void (*options_free)(oss_bucket_options *);
    oss_status (*bucket_new)(const char *, const char *, const oss_credentials *, const oss_bucket_options *, oss_bucket **,
                             oss_result **);
    void (*bucket_free)(oss_bucket *);
    oss_status (*put_object)(const oss_bucket *, const char *, const void *, size_t, const oss_put_options *, oss_result **);
    oss_stored (*result_stored)(const oss_result *);
    const char *(*result_message)(const oss_result *);
    void (*result_free)(oss_result *);
} loaded;

static inline void stop(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

/* C knows no conversion from a pointer to data to one to a function; POSIX has this way. */
static inline void find(loaded *self, const char *name, void *function) {
    void *found = dlsym(self->library, name);
    if (found == NULL) {
        stop(name, dlerror());
    }
    memcpy(function, &found, sizeof found);
}

static inline loaded load(const char *path) {
    loaded self = {0};
    self.library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (self.library == NULL) {
        stop(path, dlerror());
    }
    find(&self, "oss_credentials_new_from_environment", &self.credentials_new_from_environment);
    find(&self, "oss_credentials_free", &self.credentials_free);
    find(&self, "oss_bucket_options_new", &self.options_new);
    find(&self, "oss_bucket_options_set_region", &self.options_set_region);
    find(&self, "oss_bucket_options_set_ca_file", &self.options_set_ca_file);
    find(&self, "oss_bucket_options_free", &self.options_free);
    find(&self, "oss_bucket_new", &self.bucket_new);
    find(&self, "oss_bucket_free", &self.bucket_free);
    find(&self, "oss_put_object", &self.put_object);
    find(&self, "oss_result_stored", &self.result_stored);
    find(&self, "oss_result_message", &self.result_message);
    find(&self, "oss_result_free", &self.result_free);
    return self;
}

static inline oss_bucket *open_loaded_bucket(const loaded *self) {
    oss_credentials *credentials = NULL;
    oss_bucket_options *options = self->options_new();
    oss_bucket *bucket = NULL;
    const char *ca_file = getenv("CA_FILE");
    if (self->credentials_new_from_environment(&credentials, NULL) != OSS_STATUS_OK ||
        self->options_set_region(options, getenv("OSS_REGION")) != OSS_STATUS_OK ||
        (ca_file != NULL && self->options_set_ca_file(options, ca_file) != OSS_STATUS_OK) ||
        self->bucket_new(getenv("OSS_ENDPOINT"), getenv("OSS_BUCKET"), credentials, options, &bucket, NULL) !=
            OSS_STATUS_OK) {
        stop("the bucket", "cannot be opened");
    }
    self->options_free(options);
    self->credentials_free(credentials);
    return bucket;
}

/* Puts an object; anything but a success ends the program. */
static inline void put_loaded(const loaded *self, const oss_bucket *bucket, const char *key) {
    oss_result *result = NULL;
    if (self->put_object(bucket, key, key, strlen(key), NULL, &result) != OSS_STATUS_OK ||
        self->result_stored(result) != OSS_STORED_YES) {
        stop(key, self->result_message(result));
    }
    self->result_free(result);
}

#endif
