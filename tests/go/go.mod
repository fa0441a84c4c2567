module example.com/official_sdk

go 1.24

require (
	example.com/ossupload v0.0.0
	github.com/aliyun/alibabacloud-oss-go-sdk-v2 v1.6.1
)

require golang.org/x/time v0.4.0 // indirect

replace example.com/ossupload => ../../bindings/go
