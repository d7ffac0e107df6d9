package bucket_test

import (
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

func TestParseLocation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"s3://bucket":  "s3://bucket",
		"s3://bucket/": "s3://bucket",
		"s3://my.bucket-1/a/b_c=d/?region=us-east-1":                    "s3://my.bucket-1/a/b_c=d?region=us-east-1",
		"s3://bucket/p?use_path_style=true&endpoint=https://Host:9000/": "s3://bucket/p?endpoint=https%3A%2F%2Fhost%3A9000&use_path_style=true",
		"s3://bucket?use_path_style=false":                              "s3://bucket",
		"s3://bucket?endpoint=http://127.0.0.1:1":                       "s3://bucket?endpoint=http%3A%2F%2F127.0.0.1%3A1",
		"s3://bucket?endpoint=http://[::1]:1":                           "s3://bucket?endpoint=http%3A%2F%2F%5B%3A%3A1%5D%3A1",
		"gs://bucket_with_underscore/p":                                 "gs://bucket_with_underscore/p",
		"gs://bucket?endpoint=http://localhost:1":                       "gs://bucket?endpoint=http%3A%2F%2Flocalhost%3A1",
		"azblob://container/p?account=name1":                            "azblob://container/p?account=name1",
	} {
		location, err := bucket.ParseLocation(text)
		if err != nil || location.String() != want {
			t.Errorf("%s: got %v and error %v, want %s", text, location, err, want)
			continue
		}
		if again, err := bucket.ParseLocation(location.String()); err != nil || again != location {
			t.Errorf("%s: parsed again: got %v and error %v", text, again, err)
		}
		if !bucket.Known(text) {
			t.Errorf("%s: the scheme is not recognized", text)
		}
	}
}

func TestInvalidLocationsAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                                  `begins with "s3://"`,
		"bucket/prefix":                                     `begins with "s3://"`,
		"file:///directory":                                 `begins with "s3://"`,
		"s3:bucket":                                         `begins with "s3://"`,
		"s3://":                                             "does not have a valid S3 bucket name",
		"s3://UPPER":                                        "does not have a valid S3 bucket name",
		"s3://under_score":                                  "does not have a valid S3 bucket name",
		"gs://x":                                            "does not have a valid Google Cloud Storage bucket name",
		"azblob://a--b?account=name":                        "does not have a valid Azure container name",
		"azblob://container":                                "the storage account",
		"azblob://container?account=My.Name":                "the storage account",
		"s3://host:9000/bucket":                             "has a port",
		"s3://AKIA:hidden@bucket/p":                         "contains an @",
		"s3://AKIA:hid/den@bucket/p":                        "contains an @",
		"s3://bucket/%zz?secret_key=hidden":                 "is not a URL",
		"s3://bucket/p#hidden":                              "contains a #",
		"s3://bucket/a//b":                                  "has an invalid prefix",
		"s3://bucket/../b":                                  "has an invalid prefix",
		"s3://bucket/hidden%20b":                            "has an invalid prefix",
		"s3://bucket/" + strings.Repeat("x", 501):           "has an invalid prefix",
		"s3://bucket?secret_key=hidden":                     "a parameter other than region, endpoint, use_path_style",
		"s3://bucket?hidden":                                "a parameter other than region",
		"s3://bucket?account=hidden":                        "a parameter other than region",
		"gs://bucket?region=hidden":                         "a parameter other than endpoint",
		"s3://bucket?region=a;b":                            "parameters that cannot be parsed",
		"s3://bucket?region=":                               "exactly one value for region",
		"s3://bucket?region=a&region=b":                     "exactly one value for region",
		"s3://bucket?region=eu/hidden":                      "has a region",
		"s3://bucket?use_path_style=hidden":                 "neither true nor false",
		"s3://bucket?endpoint=http://store.example":         "neither https nor a loopback address",
		"s3://bucket?endpoint=store.example":                "is not a URL",
		"s3://bucket?endpoint=ftp://store.example":          "is not a URL",
		"s3://bucket?endpoint=https://store.example?hidden": "a query",
		"azblob://container?account=name&endpoint=https://name%40hidden": "has a user name",
	} {
		location, err := bucket.ParseLocation(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v and error %v, want an error containing %q", text, location, err, want)
			continue
		}
		if strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "AKIA") {
			t.Errorf("%s: the message repeats a possible secret: %v", text, err)
		}
	}
}

// FuzzParseLocation checks that the normal form parses to itself and that no error repeats a password.
func FuzzParseLocation(f *testing.F) {
	f.Add("s3", "bucket/prefix", "region=eu-central-1&endpoint=https://host")
	f.Add("azblob", "container", "account=name")
	f.Fuzz(func(t *testing.T, scheme, place, query string) {
		const password = "PassWord42"
		if _, err := bucket.ParseLocation(scheme + "://name:" + password + "@" + place + "?" + query); err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("got %v", err)
		}
		location, err := bucket.ParseLocation(scheme + "://" + place + "?" + query)
		if err != nil {
			return
		}
		if again, err := bucket.ParseLocation(location.String()); err != nil || again != location {
			t.Errorf("%s: parsed again: got %v and error %v", location, again, err)
		}
	})
}
