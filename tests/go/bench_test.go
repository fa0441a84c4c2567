package official_sdk

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"

	"example.com/ossupload"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// The benchmarks upload to the server that OSS_SINK names, which discards what it gets; benches/go_sdk.sh runs them. Each
// work is done by the package ("ours") and by the official SDK ("theirs").

const benchBucket = "benchbucket"

type uploader struct {
	// small puts bytes, file uploads a file in parts, four at a time.
	small func(data []byte) error
	file  func(path string) error
}

func uploaders(b *testing.B) map[string]uploader {
	sink := os.Getenv("OSS_SINK")
	if sink == "" {
		b.Skip("OSS_SINK is not set; benches/go_sdk.sh sets it")
	}
	server.Region = "cn-hangzhou"
	bucket, err := ossupload.NewBucket(sink, benchBucket, ossupload.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"},
		ossupload.WithRegion(server.Region))
	must(err)
	b.Cleanup(func() { bucket.Close() })
	client := oss.NewClient(config(sink, "id", "secret"))
	parts := client.NewUploader(func(o *oss.UploaderOptions) { o.PartSize, o.ParallelNum = 8<<20, 4 })
	request := func() *oss.PutObjectRequest {
		return &oss.PutObjectRequest{Bucket: oss.Ptr(benchBucket), Key: oss.Ptr("object")}
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.Cleanup(cancel)
	return map[string]uploader{
		"ours": {
			func(data []byte) error {
				_, err := bucket.Put(ctx, "object", ossupload.FromBytes(data), nil)
				return err
			},
			func(path string) error {
				_, err := bucket.Upload(ctx, "object", ossupload.FromFile(path), nil, ossupload.WithPartSize(8<<20), ossupload.WithParallel(4))
				return err
			},
		},
		"theirs": {
			func(data []byte) error {
				put := request()
				put.Body = bytes.NewReader(data)
				_, err := client.PutObject(ctx, put)
				return err
			},
			func(path string) error {
				_, err := parts.UploadFile(ctx, request(), path)
				return err
			},
		},
	}
}

// measure reports the CPU time of this process, the kernel's part included.
func measure(b *testing.B, work func() error) {
	must(work())
	b.ReportAllocs()
	before := cpuMicroseconds()
	for b.Loop() {
		if err := work(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuMicroseconds()-before)/float64(b.N), "cpu-µs/op")
}

func cpuMicroseconds() int64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return (usage.Utime.Sec+usage.Stime.Sec)*1_000_000 + int64(usage.Utime.Usec+usage.Stime.Usec)
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		for name, uploader := range uploaders(b) {
			data := noise(size)
			b.Run(fmt.Sprintf("%dKiB/%s", size>>10, name), func(b *testing.B) {
				measure(b, func() error { return uploader.small(data) })
			})
		}
	}
}

func BenchmarkUpload(b *testing.B) {
	path := b.TempDir() + "/file"
	must(os.WriteFile(path, noise(128<<20), 0o600))
	for name, uploader := range uploaders(b) {
		b.Run("128MiB/"+name, func(b *testing.B) {
			measure(b, func() error { return uploader.file(path) })
		})
	}
}
