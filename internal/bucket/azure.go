package bucket

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

var azureCloud = cloud{
	store:      "Azure container",
	bucketName: `^[a-z0-9](-?[a-z0-9]){2,62}$`,
	parameters: []string{"account", "endpoint"},
	example:    "azblob://container/prefix?account=name",
	credentials: "Provide Azure credentials in the usual way: az login, a managed or workload identity, AZURE_TENANT_ID with " +
		"AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN",
	permissions: map[Operation]string{Read: azureRole, Write: azureRole, Delete: azureRole, List: azureRole},
	open:        openAzure,
}

// azureRole covers every operation; Azure has no narrower role for writing.
const azureRole = "Assign the role Storage Blob Data Contributor on the container, and allow this machine in the account's firewall"

type azureDriver struct {
	container *container.Client
	identity  azcore.TokenCredential // nil with an account key
}

func openAzure(location Location) (driver, error) {
	endpoint := location.endpoint
	if endpoint == "" {
		endpoint = "https://" + location.account + ".blob.core.windows.net"
	}
	address := endpoint + "/" + location.bucket
	options := azcore.ClientOptions{
		Transport: newClient(newTransport()),
		Retry:     policy.RetryOptions{MaxRetries: -1}, // see [driver]
	}
	if key := os.Getenv("AZURE_STORAGE_KEY"); key != "" {
		shared, err := container.NewSharedKeyCredential(location.account, key)
		if err != nil { // err may contain the key
			return nil, errors.New("AZURE_STORAGE_KEY is not the key of a storage account, which is base64-encoded")
		}
		client, err := container.NewClientWithSharedKeyCredential(address, shared, &container.ClientOptions{ClientOptions: options})
		return &azureDriver{container: client}, err
	}
	if signature := os.Getenv("AZURE_STORAGE_SAS_TOKEN"); signature != "" {
		signed := address + "?" + strings.TrimPrefix(signature, "?")
		client, err := container.NewClientWithNoCredential(signed, &container.ClientOptions{ClientOptions: options})
		return &azureDriver{container: client}, err
	}
	identity, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: options.Transport}, // it may repeat its requests
	})
	if err != nil {
		return nil, &credentialsError{err}
	}
	client, err := container.NewClient(address, identity, &container.ClientOptions{ClientOptions: options})
	return &azureDriver{client, identity}, err
}

func (d *azureDriver) needsProbe() bool { return false }

func (d *azureDriver) authorize(ctx context.Context) error {
	if d.identity == nil {
		return nil
	}
	_, err := d.identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://storage.azure.com/.default"}}) // cached
	return err
}

func (d *azureDriver) get(ctx context.Context, key string) (Object, error) {
	output, err := d.container.NewBlobClient(key).DownloadStream(ctx, nil)
	if err != nil {
		return Object{}, err
	}
	defer func() { _ = output.Body.Close() }() // only read
	contents, err := readAll(output.Body)
	return Object{contents, version(output.ETag), Times{value(output.LastModified), value(output.Date)}}, err
}

func (d *azureDriver) put(ctx context.Context, key string, contents []byte, ifVersion Version) (Version, error) {
	var conditions blob.ModifiedAccessConditions
	if ifVersion == Absent {
		conditions.IfNoneMatch = new(azcore.ETagAny)
	} else {
		conditions.IfMatch = new(azcore.ETag(ifVersion))
	}
	output, err := d.container.NewBlockBlobClient(key).Upload(ctx, streaming.NopCloser(bytes.NewReader(contents)), &blockblob.UploadOptions{
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &conditions},
	})
	if err != nil {
		return Absent, err
	}
	return version(output.ETag), nil
}

func (d *azureDriver) delete(ctx context.Context, key string) error {
	_, err := d.container.NewBlobClient(key).Delete(ctx, nil)
	return err
}

func (d *azureDriver) list(ctx context.Context, prefix, cursor string) (page []Entry, next string, err error) {
	options := &container.ListBlobsFlatOptions{Prefix: &prefix}
	if cursor != "" {
		options.Marker = &cursor
	}
	output, err := d.container.NewListBlobsFlatPager(options).NextPage(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, item := range value(output.Segment).BlobItems {
		var modified time.Time
		if item.Properties != nil {
			modified = value(item.Properties.LastModified)
		}
		page = append(page, Entry{value(item.Name), Times{modified, value(output.Date)}})
	}
	return page, value(output.NextMarker), nil
}

// value returns what pointer points to, or the zero value if it is nil, because stores may omit fields.
func value[T any](pointer *T) (value T) {
	if pointer != nil {
		value = *pointer
	}
	return value
}

func version(tag *azcore.ETag) Version { return Version(value(tag)) }

// azureReasons maps the Azure codes that say more than their status.
var azureReasons = map[string]Reason{
	"BlobNotFound":              NotFound,
	"BlobAlreadyExists":         Conflict, // with 409
	"ContainerNotFound":         NoBucket,
	"ContainerBeingDeleted":     NoBucket,
	"AuthenticationFailed":      Refused, // with 403
	"InvalidAuthenticationInfo": Refused,
	"LeaseIdMissing":            Unexpected, // with 412, but reading again does not help
}

func (d *azureDriver) failure(err error) failure {
	answered, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok || answered.RawResponse == nil {
		return connectionFailure(err)
	}
	return answerFailure(answered.StatusCode, answered.RawResponse.Header, answered.ErrorCode, "", azureReasons)
}
