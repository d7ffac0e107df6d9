package standin_test

import (
	"encoding/base64"
	"net/url"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// A search for leaks that finds none says something only if it would find one.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	const secret = `s3cr+t/<"ü%`
	for name, contents := range map[string]string{
		"plain":             "before " + secret + " after",
		"query":             "?code=" + url.QueryEscape(secret),
		"path":              "/" + url.PathEscape(secret),
		"json":              `{"token":"s3cr+t/\u003c\"ü%"}`,
		"json without HTML": `{"token":"s3cr+t/<\"ü%"}`,
		"base64":            base64.StdEncoding.EncodeToString([]byte(secret)),
		"basic header":      base64.StdEncoding.EncodeToString([]byte("id:" + secret)),
		"header":            base64.RawURLEncoding.EncodeToString([]byte("Bearer " + secret + "\n")),
		"another":           base64.URLEncoding.EncodeToString([]byte("Bearer: " + secret + "\n")),
	} {
		if found := standin.Leaks([]byte(contents), []string{"another secret", secret}); len(found) == 0 {
			t.Errorf("%s: none is found", name)
		}
		if found := standin.Leaks([]byte(contents), []string{"another secret", ""}); len(found) > 0 {
			t.Errorf("%s: found %q, and another secret is searched", name, found)
		}
	}
}
