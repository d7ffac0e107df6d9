package standin_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// start starts a stand-in and closes it at the end of the test.
func start(t *testing.T, options ...standin.Option) *standin.Server {
	t.Helper()
	server, err := standin.Start(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// clock is a clock that only moves when advanced.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

type reply struct {
	status   int
	location *url.URL
	header   http.Header
	text     string
	body     map[string]any
}

func (r reply) members() []string { return slices.Sorted(maps.Keys(r.body)) }

func (r reply) str(member string) string {
	text, _ := r.body[member].(string)
	return text
}

// do sends the request without following redirects. It decodes a JSON reply and keeps numbers as text.
func do(t *testing.T, request *http.Request) reply {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := reply{status: response.StatusCode, header: response.Header, text: string(text)}
	if response.Header.Get("Location") != "" {
		if got.location, err = response.Location(); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		decoder := json.NewDecoder(strings.NewReader(got.text))
		decoder.UseNumber()
		if err := decoder.Decode(&got.body); err != nil {
			t.Fatalf("%v in %s", err, got.text)
		}
	}
	return got
}

func newRequest(t *testing.T, method, address string, form url.Values) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request
}

func get(t *testing.T, address string) reply {
	t.Helper()
	return do(t, newRequest(t, http.MethodGet, address, nil))
}

// post sends a form as the default client. The form is given as pairs of name and value.
func post(t *testing.T, address string, pairs ...string) reply {
	t.Helper()
	return postAs(t, standin.ClientID, standin.ClientSecret, address, pairs...)
}

func postAs(t *testing.T, id, secret, address string, pairs ...string) reply {
	t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		form.Add(pair[0], pair[1])
	}
	request := newRequest(t, http.MethodPost, address, form)
	request.SetBasicAuth(id, secret) // raw, as GoTo requires
	return do(t, request)
}

func exchange(t *testing.T, server *standin.Server, code string, more ...string) reply {
	t.Helper()
	return post(t, server.URL+"/oauth/token", append([]string{
		"grant_type", "authorization_code", "code", code, "redirect_uri", standin.RedirectURI,
	}, more...)...)
}

func refresh(t *testing.T, server *standin.Server, token string) reply {
	t.Helper()
	return post(t, server.URL+"/oauth/token", "grant_type", "refresh_token", "refresh_token", token)
}

func exchangePersonalAccessToken(t *testing.T, server *standin.Server, token string) reply {
	t.Helper()
	return post(t, server.URL+"/oauth/token", "grant_type", "personal_access_token", "pat", token)
}

func getMe(t *testing.T, server *standin.Server, token string) reply {
	t.Helper()
	request := newRequest(t, http.MethodGet, server.URL+"/admin/rest/v1/me", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	return do(t, request)
}

func wantGranted(t *testing.T, got reply) {
	t.Helper()
	if got.status != http.StatusOK || got.str("access_token") == "" {
		t.Fatalf("not granted: %d %s", got.status, got.text)
	}
}

func wantRefused(t *testing.T, got reply, status int, code string) {
	t.Helper()
	if got.status != status || got.str("error") != code {
		t.Fatalf("got %d %s, want %d %s", got.status, got.text, status, code)
	}
}
