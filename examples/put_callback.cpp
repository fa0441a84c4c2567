// put_callback.c in C++11: handles free themselves, and what went wrong is thrown.
//
//   put_callback     uploads 1 MiB of 'a'
#include "example.hpp"

int main() {
    try {
        const oss::bucket bucket = open_bucket();
        oss::callback callback =
            oss::callback::make(needed("OSS_CALLBACK_URL"),
                                "bucket=${bucket}&object=${object}&one=${x:my_var1}&two=${x:my_var2}").or_throw();
        callback.set_body_type(oss::callback_body::form).or_throw();
        callback.add_variable("x:my_var1", "my_val1").or_throw();
        callback.add_variable("x:my_var2", "my_val2").or_throw();

        const std::string data(1 << 20, 'a');
        return conclude(bucket.put("examplefiles/exampleobject.txt", data, callback));
    } catch (const oss::error &error) {
        std::cerr << error.what() << '\n';
        return ended_failed;
    }
}
