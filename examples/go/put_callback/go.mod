module example.com/put_callback

go 1.24

require example.com/ossupload v0.0.0

replace example.com/ossupload => ../../../bindings/go
