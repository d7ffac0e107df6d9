package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
)

var s3Cloud = cloud{
	store:      "S3 bucket",
	bucketName: `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`,
	parameters: []string{"region", "endpoint", "use_path_style"},
	example:    "s3://bucket/prefix?region=eu-central-1",
	credentials: "Provide AWS credentials in the usual way: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in the " +
		"shared files, or a role (web identity, container, instance)",
	permissions: map[Operation]string{
		Read: "Allow s3:GetObject on the object, and s3:ListBucket on the bucket: without the latter, S3 gives this answer " +
			"for every object that does not exist",
		Write:  "Allow s3:PutObject on the object, and the use of the bucket's KMS key, if it has one",
		Delete: "Allow s3:DeleteObject on the object",
		List:   "Allow s3:ListBucket on the bucket",
	},
	open: openS3,
}

type s3Driver struct {
	client *s3.Client
	bucket *string
}

func openS3(location Location) (driver, error) {
	options := []func(*config.LoadOptions) error{
		// The SDK applies AWS_CA_BUNDLE only to this type of client.
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(configure)),
		config.WithLogger(logging.Nop{}), // by default, it writes to standard error
	}
	if location.region != "" {
		options = append(options, config.WithRegion(location.region))
	}
	settings, err := config.LoadDefaultConfig(context.Background(), options...)
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(settings, func(options *s3.Options) {
		if location.endpoint != "" {
			options.BaseEndpoint = &location.endpoint
		}
		options.UsePathStyle = location.usePathStyle
		options.Retryer = aws.NopRetryer{} // see [driver]
		if configured, ok := settings.HTTPClient.(*awshttp.BuildableClient); ok {
			options.HTTPClient = newClient(configured.GetTransport())
		}
		if options.BaseEndpoint == nil {
			return
		}
		// Many S3-compatible stores reject the checksums that S3 introduced in 2024.
		options.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		options.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		if options.Region == "" {
			options.Region = "us-east-1" // signing needs one
		}
	})
	if endpoint := client.Options().BaseEndpoint; endpoint != nil { // it may come from AWS_ENDPOINT_URL
		if _, err := parseEndpoint(*endpoint); err != nil {
			return nil, fmt.Errorf("the endpoint in the environment %w", err)
		}
	}
	if client.Options().Region == "" {
		return nil, errors.New("no region is set, neither in the location (region=) nor in AWS_REGION")
	}
	return &s3Driver{client, &location.bucket}, nil
}

func (d *s3Driver) needsProbe() bool { return d.client.Options().BaseEndpoint != nil }

func (d *s3Driver) authorize(ctx context.Context) error {
	_, err := d.client.Options().Credentials.Retrieve(ctx) // cached by the SDK
	return err
}

func (d *s3Driver) get(ctx context.Context, key string) (Object, error) {
	output, err := d.client.GetObject(ctx, &s3.GetObjectInput{Bucket: d.bucket, Key: &key})
	if err != nil {
		return Object{}, err
	}
	defer func() { _ = output.Body.Close() }() // only read
	contents, err := readAll(output.Body)
	return Object{contents, Version(aws.ToString(output.ETag)), Times{aws.ToTime(output.LastModified), date(output.ResultMetadata)}}, err
}

func date(metadata middleware.Metadata) time.Time {
	date, _ := awsmiddleware.GetServerTime(metadata)
	return date
}

func (d *s3Driver) put(ctx context.Context, key string, contents []byte, ifVersion Version) (Version, error) {
	input := &s3.PutObjectInput{
		Bucket:      d.bucket,
		Key:         &key,
		Body:        bytes.NewReader(contents),
		ContentType: aws.String(contentType),
	}
	if ifVersion == Absent {
		input.IfNoneMatch = aws.String("*")
	} else {
		input.IfMatch = aws.String(string(ifVersion))
	}
	output, err := d.client.PutObject(ctx, input)
	if err != nil {
		return Absent, err
	}
	return Version(aws.ToString(output.ETag)), nil
}

func (d *s3Driver) delete(ctx context.Context, key string) error {
	_, err := d.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: d.bucket, Key: &key})
	return err
}

func (d *s3Driver) list(ctx context.Context, prefix, cursor string) (page []Entry, next string, err error) {
	input := &s3.ListObjectsV2Input{Bucket: d.bucket, Prefix: &prefix}
	if cursor != "" {
		input.ContinuationToken = &cursor
	}
	output, err := d.client.ListObjectsV2(ctx, input)
	if err != nil {
		return nil, "", err
	}
	for _, object := range output.Contents {
		page = append(page, Entry{aws.ToString(object.Key), Times{aws.ToTime(object.LastModified), date(output.ResultMetadata)}})
	}
	return page, aws.ToString(output.NextContinuationToken), nil
}

// s3Reasons maps the S3 codes that say more than their status.
var s3Reasons = map[string]Reason{
	"NoSuchKey":                          NotFound,
	"NoSuchBucket":                       NoBucket,
	"ConditionalRequestConflict":         Busy, // with 409: another write was in progress; this one did not happen
	"OperationAborted":                   Busy,
	"RequestTimeout":                     Busy,
	"SlowDown":                           Busy,
	"InvalidAccessKeyId":                 Refused,
	"SignatureDoesNotMatch":              Refused,
	"XAdminUserNotFound":                 Refused, // versitygw, with 404
	"InvalidToken":                       Refused,
	"ExpiredToken":                       Expired,
	"TokenRefreshRequired":               Expired,
	"AuthorizationHeaderMalformed":       OtherRegion,
	"IllegalLocationConstraintException": OtherRegion,
	"RequestTimeTooSkewed":               ClockSkew,
}

func (d *s3Driver) failure(err error) failure {
	answered, ok := errors.AsType[*awshttp.ResponseError](err)
	// Without an answer, the SDK returns one with status 0. With status 200, the connection broke in the middle of the
	// answer.
	if !ok || answered.HTTPStatusCode() == 0 || answered.HTTPStatusCode() == http.StatusOK {
		return connectionFailure(err)
	}
	var code, message string
	if described, ok := errors.AsType[smithy.APIError](err); ok {
		code, message = described.ErrorCode(), described.ErrorMessage()
	}
	answer := answerFailure(answered.HTTPStatusCode(), answered.HTTPResponse().Header, code, message, s3Reasons)
	switch answer.status {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect:
		answer.reason = OtherRegion
	case http.StatusConflict: // regardless of the code, which differs between stores
		answer.reason = Busy
	}
	answer.region = clean(answered.HTTPResponse().Header.Get("X-Amz-Bucket-Region"))
	return answer
}
