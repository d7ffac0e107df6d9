package bucket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
)

var gcsCloud = cloud{
	store:      "Google Cloud Storage bucket",
	bucketName: `^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`,
	parameters: []string{"endpoint"},
	example:    "gs://bucket/prefix",
	credentials: "Provide Google's Application Default Credentials: the file that GOOGLE_APPLICATION_CREDENTIALS names, " +
		"gcloud auth application-default login, workload identity, or the machine's service account",
	permissions: map[Operation]string{
		Read:   "Allow storage.objects.get, as the role Storage Object User does",
		Write:  "Allow storage.objects.create, and storage.objects.delete to replace objects, as the role Storage Object User does",
		Delete: "Allow storage.objects.delete, as the role Storage Object User does",
		List:   "Allow storage.objects.list, as the role Storage Object User does",
	},
	open: openGCS,
}

// gcsDriver sends the requests of the JSON API itself. Google's clients would add 9.5 MB (storage/v1) or 28 MB
// (cloud.google.com/go/storage) to the provider. Google's credentials library adds 0.5 MB, and unlike
// golang.org/x/oauth2, it lets a context end token requests.
type gcsDriver struct {
	client      *http.Client
	credentials *auth.Credentials // nil for an emulator
	objects     string            // URL
	uploads     string            // URL
}

func openGCS(location Location) (driver, error) {
	const scope = "https://www.googleapis.com/auth/devstorage.read_write"
	endpoint := location.endpoint
	if endpoint == "" {
		endpoint = "https://storage.googleapis.com"
	}
	path := "/storage/v1/b/" + url.PathEscape(location.bucket) + "/o"
	driver := &gcsDriver{client: newClient(newTransport()), objects: endpoint + path, uploads: endpoint + "/upload" + path}
	if strings.HasPrefix(endpoint, "http://") { // an emulator; tokens must not be sent unencrypted
		return driver, nil
	}
	var err error
	driver.credentials, err = credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{scope}, Client: driver.client})
	if err != nil {
		return nil, &credentialsError{err}
	}
	return driver, nil
}

func (d *gcsDriver) needsProbe() bool { return false }

func (d *gcsDriver) authorize(ctx context.Context) error {
	if d.credentials == nil {
		return nil
	}
	_, err := d.credentials.Token(ctx) // cached by the library
	return err
}

func (d *gcsDriver) get(ctx context.Context, key string) (Object, error) {
	answer, err := d.send(ctx, http.MethodGet, d.object(key), url.Values{"alt": {"media"}}, nil)
	return Object{answer.body, Version(answer.header.Get("X-Goog-Generation")), Times{answer.time("Last-Modified"), answer.time("Date")}}, err
}

func (d *gcsDriver) put(ctx context.Context, key string, contents []byte, ifVersion Version) (Version, error) {
	if ifVersion == Absent {
		ifVersion = "0"
	}
	answer, err := d.send(ctx, http.MethodPost, d.uploads, url.Values{
		"uploadType": {"media"}, "name": {key}, "ifGenerationMatch": {string(ifVersion)}, "fields": {"generation"},
	}, contents)
	if err != nil {
		return Absent, err
	}
	var written struct{ Generation string }
	err = json.Unmarshal(answer.body, &written)
	return Version(written.Generation), err
}

func (d *gcsDriver) delete(ctx context.Context, key string) error {
	_, err := d.send(ctx, http.MethodDelete, d.object(key), nil, nil)
	return err
}

func (d *gcsDriver) list(ctx context.Context, prefix, cursor string) (page []Entry, next string, err error) {
	answer, err := d.send(ctx, http.MethodGet, d.objects, url.Values{
		"prefix": {prefix}, "pageToken": {cursor}, "maxResults": {"1000"}, "fields": {"nextPageToken,items(name,updated)"},
	}, nil)
	if err != nil {
		return nil, "", err
	}
	var listed struct {
		NextPageToken string
		Items         []struct {
			Name    string
			Updated time.Time
		}
	}
	if err := json.Unmarshal(answer.body, &listed); err != nil {
		return nil, "", err
	}
	for _, item := range listed.Items {
		page = append(page, Entry{item.Name, Times{item.Updated, answer.time("Date")}})
	}
	return page, listed.NextPageToken, nil
}

func (d *gcsDriver) object(key string) string { return d.objects + "/" + url.PathEscape(key) }

// gcsAnswer is the answer to a request that was accepted.
type gcsAnswer struct {
	header http.Header
	body   []byte
}

// time returns the time in a header, or the zero time, which [Bucket.Get] reports.
func (a gcsAnswer) time(name string) time.Time {
	parsed, _ := http.ParseTime(a.header.Get(name))
	return parsed
}

func (d *gcsDriver) send(ctx context.Context, method, address string, parameters url.Values, body []byte) (gcsAnswer, error) {
	request, err := http.NewRequestWithContext(ctx, method, address+"?"+parameters.Encode(), bytes.NewReader(body))
	if err != nil {
		return gcsAnswer{}, err
	}
	request.Header.Set("Content-Type", contentType)
	if d.credentials != nil {
		token, err := d.credentials.Token(ctx)
		if err != nil {
			return gcsAnswer{}, &credentialsError{err}
		}
		request.Header.Set("Authorization", token.Type+" "+token.Value)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return gcsAnswer{}, err
	}
	defer func() { _ = response.Body.Close() }() // only read
	read, err := readAll(response.Body)
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNoContent {
		return gcsAnswer{}, refusalOf(response, read) // even if the body is incomplete, because the status says the most
	}
	return gcsAnswer{response.Header, read}, err
}

// gcsReasons maps the Google codes that say more than their status.
var gcsReasons = map[string]Reason{
	"rateLimitExceeded":     Busy, // also with 403
	"userRateLimitExceeded": Busy,
}

// gcsError is an answer that refuses a request.
type gcsError struct{ failure }

func (e *gcsError) Error() string { return "refused" + e.quotation() }

func refusalOf(response *http.Response, body []byte) error {
	var refusal struct {
		Error struct {
			Message string
			Errors  []struct{ Reason string }
		}
	}
	_ = json.Unmarshal(body, &refusal) // not all of them are JSON
	code := ""
	if len(refusal.Error.Errors) > 0 {
		code = refusal.Error.Errors[0].Reason
	}
	failed := answerFailure(response.StatusCode, response.Header, code, refusal.Error.Message, gcsReasons)
	switch response.StatusCode {
	case http.StatusConflict:
		failed.reason = Busy
	case http.StatusNotFound:
		failed.reason = NotFound
		if strings.HasSuffix(response.Request.URL.Path, "/o") || strings.Contains(refusal.Error.Message, "bucket does not exist") {
			failed.reason = NoBucket
		}
	}
	return &gcsError{failed}
}

func (d *gcsDriver) failure(err error) failure {
	if answered, ok := errors.AsType[*gcsError](err); ok {
		return answered.failure
	}
	if _, ok := errors.AsType[*credentialsError](err); ok {
		return failure{reason: NoCredentials, detail: clean(err.Error())}
	}
	return connectionFailure(err)
}
