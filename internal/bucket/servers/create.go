package servers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// CreateBucket creates a bucket, or a container, in the store.
func (s *Server) CreateBucket(ctx context.Context, name string) error {
	switch s.Scheme {
	case "s3":
		client := s3.New(s3.Options{
			BaseEndpoint: &s.Endpoint,
			UsePathStyle: true,
			Region:       region,
			Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		})
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
		return err
	case "azblob":
		key, err := container.NewSharedKeyCredential(account, accountKey)
		if err != nil {
			return err
		}
		client, err := container.NewClientWithSharedKeyCredential(s.Endpoint+"/"+name, key, nil)
		if err != nil {
			return err
		}
		_, err = client.Create(ctx, nil)
		return err
	}
	return s.createOnGoogle(ctx, name)
}

func (s *Server) createOnGoogle(ctx context.Context, name string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint+"/storage/v1/b?project=tests",
		strings.NewReader(fmt.Sprintf(`{"name":%q}`, name)))
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("creating the bucket %s: %s", name, response.Status)
	}
	return errors.Join(err, response.Body.Close())
}
