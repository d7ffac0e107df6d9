package oauth_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// GoTo's guide encodes the raw ID and secret, without the URL encoding of RFC 6749.
func TestTokenRequest(t *testing.T) {
	t.Parallel()

	documented := reply{"eyJ.access.sig", "eyJ.refresh.sig", time.Hour, "identity:scim.me collab:", "jane.doe@example.com"}
	refreshed := `{"access_token":"eyJ.access.sig","expires_in":3600,"scope":"identity:scim.me collab:","principal":"jane.doe@example.com"}`
	plain := reply{"eyJ.access.sig", "", time.Hour, "identity:scim.me collab:", "jane.doe@example.com"}
	for name, test := range map[string]struct {
		client oauth.Client
		grant  oauth.Grant
		form   url.Values
		reply  string
		want   reply
	}{
		"code": {
			client: theClient,
			grant:  oauth.Grant{Type: oauth.AuthorizationCode, Credential: secret.New("a+b/c=&d é")},
			form:   url.Values{"grant_type": {"authorization_code"}, "code": {"a+b/c=&d é"}, "redirect_uri": {redirectURI}},
			reply:  documentedBody, want: documented,
		},
		"code with a verifier": {
			client: theClient,
			grant:  codeGrant,
			form:   url.Values{"grant_type": {"authorization_code"}, "code": {theCode}, "redirect_uri": {redirectURI}, "code_verifier": {theVerifier}},
			reply:  documentedBody, want: documented,
		},
		"code without a redirect URI": {
			client: oauth.Client{ID: clientID, Secret: secret.New("100%:é>>>>>?????")},
			grant:  oauth.Grant{Type: oauth.AuthorizationCode, Credential: secret.New(theCode)},
			form:   url.Values{"grant_type": {"authorization_code"}, "code": {theCode}},
			reply:  documentedBody, want: documented,
		},
		"refresh": {
			client: theClient,
			grant:  refreshing,
			form:   url.Values{"grant_type": {"refresh_token"}, "refresh_token": {theRefresh}},
			reply:  refreshed, want: plain,
		},
		"personal access token": {
			client: theClient,
			grant:  patGrant,
			form:   url.Values{"grant_type": {"personal_access_token"}, "pat": {thePAT}},
			reply:  strings.Replace(refreshed, `"expires_in"`, `"token_type":"Bearer","expires_in"`, 1), want: plain,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			base, requests := counted(t, func(w http.ResponseWriter, r *http.Request) {
				got := map[string]string{"": r.Method + " " + r.RequestURI}
				for _, name := range []string{"Authorization", "Content-Type", "Accept", "User-Agent", "Cookie", "Referer"} {
					got[name] = strings.Join(r.Header.Values(name), "|")
				}
				want := map[string]string{
					"":              "POST /base/oauth/token",
					"Authorization": "Basic " + basic(test.client.ID, test.client.Secret.Reveal()),
					"Content-Type":  "application/x-www-form-urlencoded",
					"Accept":        "application/json",
					"User-Agent":    "terraform-provider-goto/test",
					"Cookie":        "", "Referer": "",
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("request (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.form, r.PostForm); diff != "" {
					t.Errorf("form (-want +got):\n%s", diff)
				}
				answer(http.StatusOK, "application/json", test.reply)(w, r)
			})
			token, err := newEndpoint(t, base+"/base/").Token(t.Context(), test.client, test.grant, ready)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, reveal(token), cmp.AllowUnexported(reply{})); diff != "" {
				t.Errorf("token (-want +got):\n%s", diff)
			}
			if got := requests.Load(); got != 1 {
				t.Errorf("sent %d requests", got)
			}
		})
	}
}

func TestLongRepliesAreRefused(t *testing.T) {
	t.Parallel()

	for reason, handler := range map[string]http.HandlerFunc{
		"":                               answer(http.StatusOK, "application/json", documentedBody+strings.Repeat(" ", httpclient.MaxBody-len(documentedBody))),
		"the reply is longer than 1 MiB": answer(http.StatusOK, "application/json", documentedBody+strings.Repeat(" ", httpclient.MaxBody-len(documentedBody)+1)),
		"the reply is empty":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	} {
		base, requests := counted(t, handler)
		_, err := newEndpoint(t, base).Token(t.Context(), theClient, patGrant, ready)
		if reason == "" && err == nil {
			continue
		}
		if failure := tokenError(t, err); failure.Outcome != oauth.Unusable || failure.Reason != reason || requests.Load() != 1 {
			t.Errorf("%q: outcome %d, %v after %d requests", reason, failure.Outcome, failure, requests.Load())
		}
	}
}

// The status determines the outcome of an error reply that is too long to read.
func TestStatusDecidesAboutLongErrorReplies(t *testing.T) {
	t.Parallel()

	for status, want := range map[int]oauth.Outcome{
		http.StatusBadRequest:          oauth.Refused,
		http.StatusTooManyRequests:     oauth.Unavailable,
		http.StatusServiceUnavailable:  oauth.Unavailable,
		http.StatusInternalServerError: oauth.Unavailable,
	} {
		base, _ := counted(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			for r.Context().Err() == nil {
				_, _ = w.Write(bytes.Repeat([]byte("no "), 1<<15))
			}
		})
		_, err := newEndpoint(t, base).Token(t.Context(), theClient, codeGrant, ready)
		failure := tokenError(t, err)
		if failure.Outcome != want || failure.Status != status || !strings.HasPrefix(failure.Reason, "no no no") {
			t.Errorf("%d: outcome %d, %v", status, failure.Outcome, failure)
		}
	}
}
