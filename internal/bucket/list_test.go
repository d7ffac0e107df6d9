package bucket_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

// TestListReadsEveryPage lists more objects than fit into one reply, among them objects that the provider did not
// write.
func TestListReadsEveryPage(t *testing.T) {
	t.Parallel()
	const deeper, odd = "prefix/deeper/c", "prefix/.hidden"
	for scheme, store := range map[string]struct {
		cursor string // the parameter
		pages  map[string]string
	}{
		"s3": {"continuation-token", map[string]string{
			"": `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>2 &amp; more</NextContinuationToken>` +
				`<Contents><Key>prefix/a</Key><LastModified>2026-01-02T03:04:05Z</LastModified></Contents></ListBucketResult>`,
			"2 & more": `<ListBucketResult><Contents><Key>prefix/b</Key><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>` +
				`<Contents><Key>` + deeper + `</Key></Contents><Contents><Key>` + odd + `</Key></Contents></ListBucketResult>`,
		}},
		"gs": {"pageToken", map[string]string{
			"":         `{"nextPageToken":"2 & more","items":[{"name":"prefix/a","updated":"2026-01-02T03:04:05Z"}]}`,
			"2 & more": `{"items":[{"name":"prefix/b","updated":"2026-01-02T03:04:05Z"},{"name":"` + deeper + `"},{"name":"` + odd + `"}]}`,
		}},
		"azblob": {"marker", map[string]string{
			"": `<EnumerationResults><Blobs><Blob><Name>prefix/a</Name><Properties><Last-Modified>Fri, 02 Jan 2026 03:04:05 GMT</Last-Modified>` +
				`</Properties></Blob></Blobs><NextMarker>2 &amp; more</NextMarker></EnumerationResults>`,
			"2 & more": `<EnumerationResults><Blobs><Blob><Name>prefix/b</Name><Properties><Last-Modified>Fri, 02 Jan 2026 03:04:05 GMT</Last-Modified>` +
				`</Properties></Blob><Blob><Name>` + deeper + `</Name></Blob><Blob><Name>` + odd + `</Name></Blob></Blobs></EnumerationResults>`,
		}},
	} {
		endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
			page, known := store.pages[r.URL.Query().Get(store.cursor)]
			if !known || r.URL.Query().Get("prefix") != "prefix/" {
				t.Errorf("%s: unexpected request %s", scheme, r.URL)
			}
			w.Header().Set("Content-Type", "application/xml")
			w.Header().Set("Date", "Fri, 02 Jan 2026 03:05:05 GMT")
			_, _ = w.Write([]byte(page))
		})
		entries, err := open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "prefix", endpoint), bucket.Options{}).List(t.Context(), "")
		times := bucket.Times{Modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Date: time.Date(2026, 1, 2, 3, 5, 5, 0, time.UTC)}
		if diff := cmp.Diff([]bucket.Entry{{Name: "a", Times: times}, {Name: "b", Times: times}}, entries); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", scheme, err, diff)
		} else if age := entries[0].Age(); age != time.Minute {
			t.Errorf("%s: the age is %v", scheme, age)
		}
	}
}
