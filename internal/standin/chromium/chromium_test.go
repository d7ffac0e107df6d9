package chromium_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

func TestSecondPersonSignsIn(t *testing.T) {
	t.Parallel()
	if _, found := chromium.Find(); !found {
		t.Skip("there is no Chromium in PATH")
	}
	server, err := standin.Start(standin.WithRedirectURIs())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	pictures := cmp.Or(os.Getenv("PICTURES"), t.TempDir()) // The variable is for people who want to look at them.

	seen, err := chromium.Visit{
		Address: server.AuthorizeURL(), Person: standin.OtherPrincipal, Press: "allow", Pictures: pictures,
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(seen.URL, server.LandingURI()+"?code=") || !strings.Contains(seen.Text, "You are signed in") {
		t.Errorf("the browser shows %s", seen)
	}
	if len(seen.Console) > 0 || !slices.Contains(seen.History, server.AuthorizeURL()) {
		t.Errorf("the browser shows %s", seen)
	}
	if got := signedIn(t, server, seen.URL); got != standin.OtherPrincipal {
		t.Errorf("%q is signed in", got)
	}
	taken, err := filepath.Glob(filepath.Join(pictures, "*.png"))
	if err != nil || len(taken) != 8 {
		t.Errorf("screenshots %q, %v", taken, err)
	}
}

// signedIn exchanges the code in the landing address, and returns the person that it belongs to.
func signedIn(t *testing.T, server *standin.Server, landed string) string {
	t.Helper()
	address, err := url.Parse(landed)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/oauth/token", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {address.Query().Get("code")}, "redirect_uri": {server.LandingURI()},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(standin.ClientID, standin.ClientSecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var login struct{ Principal string }
	if err := json.NewDecoder(response.Body).Decode(&login); err != nil {
		t.Fatal(err)
	}
	return login.Principal
}
