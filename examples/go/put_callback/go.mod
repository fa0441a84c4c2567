module example.com/put_callback

go 1.21
