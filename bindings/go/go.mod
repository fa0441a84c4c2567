module example.com/ossupload

go 1.24
