package stories

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/faults"
)

// Every row of the table of faults becomes a story: one run with the fault, and the same run after it is fixed. If the
// fault has a different effect on a code, there is a second story with a code. With -short, there are no stories for
// rows that wait or that differ from another row only in the reply; the engine's tests cover those.
var faultTemplate = template.Must(template.New("story").Parse(`# {{.Fault.Name}}, with a {{.Grant}}
{{- if .Code}}
code TF_VAR_code
{{- else}}
refresh-token TF_VAR_refresh_token
{{- end}}
env GOTO_REQUEST_TIMEOUT={{.Timeout}} GOTO_MAX_RETRIES={{.MaxRetries}}
fault
{{if .Fault.Outcome}}! {{end}}exec tf apply -auto-approve
expect-fault-output
fix
{{- if .Fault.Outcome}}
later 1m
{{- end}}
{{- if .CodeLost}}
! exec tf apply -auto-approve
says 'The answer to this code was lost'
says $AUTHORIZE_URL
{{- else}}
exec tf apply -auto-approve
{{- end}}
requests {{.Then}}
-- main.tf --
ephemeral "goto_access_token" "login" {
  {{.Argument}} = var.{{.Argument}}

  lifecycle {
    postcondition {
      condition     = self.authorization_header == "Bearer ${self.access_token}"
      error_message = "There is no token."
    }
  }
}

# The apply needs the token as well.
resource "terraform_data" "every_run" {
  triggers_replace = timestamp()

  provisioner "local-exec" {
    command     = "test -n \"$TOKEN\""
    environment = { TOKEN = ephemeral.goto_access_token.login.access_token }
  }
}
`))

// faultStory describes one story of the table.
type faultStory struct {
	Fault      faults.Fault
	Grant      oauth.GrantType
	Argument   string
	Timeout    time.Duration
	MaxRetries int
}

func (f faultStory) Code() bool { return f.Grant == oauth.AuthorizationCode }

// CodeLost reports whether the code may have been used up. Such a code is not sent again.
func (f faultStory) CodeLost() bool { return f.Code() && f.Fault.MaybeProcessed() }

// requests returns the expected requests of the run with the fault.
func (f faultStory) requests() standin.Counts {
	n, renewals := f.Fault.Requests, 0
	if f.Code() {
		n = f.Fault.CodeRequests
	}
	if f.Fault.Outcome == 0 && f.Fault.Lifetime == 0 {
		renewals = 1 // by the second walk, because the token has no lifetime
	}
	if f.Code() {
		return standin.Counts{Code: n, Refresh: renewals}
	}
	return standin.Counts{Refresh: n + renewals}
}

// Then returns the expected requests of the run after the fault.
func (f faultStory) Then() string {
	switch {
	case f.Fault.Outcome == 0 && f.Fault.Lifetime > 0:
		return "" // the cache has a token
	case f.CodeLost():
		return ""
	case f.Code() && f.Fault.Outcome != 0:
		return "code=1"
	}
	return "refresh=1"
}

// words returns the expected output of the run with the fault, apart from the cause.
func (f faultStory) words() []string {
	if f.Fault.Outcome == 0 {
		return []string{"Apply complete!"}
	}
	signIn := "To sign in, open this address in a browser and press Allow:"
	what, remedy := "Getting a token with the refresh token in refresh_token failed.",
		"Plan again. If GoTo then refuses the refresh token, the lost answer contained a new one, and someone has to sign in again."
	if f.Code() {
		what, remedy = "Getting a token with the authorization code in code failed.",
			"The code may have been used up. The provider does not send it again, because that can revoke its login. "+signIn
	}
	words := []string{what, "with ephemeral.goto_access_token.login"}
	switch f.Fault.Outcome {
	case oauth.NotSent:
		words = append(words, "Error: GoTo cannot be reached", "Nothing was sent",
			"Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and authentication_url, then plan again.")
	case oauth.Interrupted:
		words = append(words, "Error: No answer from GoTo", remedy)
	case oauth.Unavailable:
		words = append(words, "Error: GoTo is unavailable")
	case oauth.Unusable:
		words = append(words, "Error: Unusable answer from GoTo",
			"Check that authentication_url is GoTo's, and that no proxy answers in GoTo's place.", remedy)
	case oauth.Refused:
		words = append(words, "Error: GoTo refused the request", "Check authentication_url (", "), the OAuth client and the credential.")
	}
	stillValid := "; the code stays valid until 10 minutes after it was issued"
	switch {
	case f.Fault.RetryAfter == 0 && f.Fault.Outcome == oauth.Unavailable && f.Code() && f.Fault.MaybeProcessed():
		words = append(words, remedy)
	case f.Fault.RetryAfter == 0 && f.Fault.Outcome == oauth.Unavailable && f.Code():
		words = append(words, "Plan again later"+stillValid)
	case f.Fault.RetryAfter == 0 && f.Fault.Outcome == oauth.Unavailable:
		words = append(words, "Plan again later.")
	case f.Fault.Outcome == oauth.NotSent && f.Code():
		words = append(words, "Nothing was sent"+stillValid)
	case f.Fault.RetryAfter > 0 && f.Code():
		words = append(words, "By then the code will have expired, so sign in again after that time. "+signIn)
	case f.Fault.RetryAfter > 0:
		words = append(words, "Plan again then.")
	}
	return words
}

// faultStories returns the stories by name.
func faultStories() map[string]faultStory {
	stories := map[string]faultStory{}
	for _, fault := range faults.Table() {
		if fault.NeedsTrust() && runtime.GOOS != "linux" {
			continue // other systems ignore SSL_CERT_FILE
		}
		if testing.Short() && (fault.Hangs || !fault.CodeDiffers && !fault.OfTheNetwork()) {
			continue
		}
		story := faultStory{fault, oauth.RefreshToken, "refresh_token", time.Minute, faults.MaxRetries}
		if fault.Hangs {
			story.Timeout = 2 * time.Second
		}
		stories["fault-"+fault.Name] = story
		if fault.CodeDiffers {
			story.Grant, story.Argument = oauth.AuthorizationCode, "code"
			stories["fault-"+fault.Name+"-with-a-code"] = story
		}
	}
	return stories
}

// writeFaultStories writes the stories to files and returns their directory.
func writeFaultStories(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, story := range faultStories() {
		var text bytes.Buffer
		if err := faultTemplate.Execute(&text, story); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txtar"), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func beginFault(ts *testscript.TestScript, w *world, _ []string) {
	story, found := faultStories()[ts.Name()]
	if !found {
		ts.Fatalf("no such row in the table of faults")
	}
	var err error
	if w.site, err = story.Fault.At(w.standin, time.Now); err != nil {
		ts.Fatalf("%v", err)
	}
	ts.Defer(w.site.Close)
	if w.site.Authorities != nil {
		authorities := ts.MkAbs("authorities.pem")
		ts.Check(os.WriteFile(authorities, w.site.Authorities, 0o600))
		ts.Setenv("SSL_CERT_FILE", authorities)
	}
	secrets, err := os.OpenFile(w.secrets, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = secrets.WriteString(faults.AccessToken + "\x00")
	ts.Check(err)
	ts.Check(secrets.Close())
	ts.Setenv("GOTO_AUTHENTICATION_URL", w.site.URL)
	ts.Setenv("AUTHORIZE_URL", w.site.URL+"/oauth/authorize?client_id="+w.clientID)
	ts.Check(w.site.Break())
	setProxy(ts, w)
	w.faultStory = story
}

func endFault(ts *testscript.TestScript, w *world, _ []string) {
	ts.Check(w.site.Fix())
	setProxy(ts, w)
}

func setProxy(ts *testscript.TestScript, w *world) {
	address, except := w.site.Proxy()
	ts.Setenv("HTTPS_PROXY", address)
	ts.Setenv("NO_PROXY", except)
}

// checkFaultOutput checks the output and the requests of the last command against the fault.
func checkFaultOutput(ts *testscript.TestScript, w *world, _ []string) {
	fault := w.faultStory.Fault
	ts.Check(w.site.Check())

	got := w.standin.Counts()
	w.standin.ResetCounts()
	if want := w.faultStory.requests(); got.Code != want.Code || got.Refresh != want.Refresh || got.Token != want.Code+want.Refresh {
		ts.Fatalf("the stand-in received %+v, want %+v", got, want)
	}
	if text := ts.ReadFile("stdout") + ts.ReadFile("stderr"); strings.ContainsAny(text, "\x1b\r\a\u202e") {
		ts.Fatalf("control characters in %q", text)
	}
	text := lastOutput(ts)
	for _, part := range w.faultStory.words() {
		if !strings.Contains(text, part) {
			ts.Fatalf("missing output: %s", part)
		}
	}
	if fault.Outcome == 0 {
		if warned := strings.Contains(text, "min_validity"); warned != (fault.Lifetime == 0) {
			ts.Fatalf("warning about a short token = %t", warned)
		}
		return
	}
	if fault.RetryAfter > 0 && !regexp.MustCompile(`GoTo asks you to wait (59m5\ds|1h0m0s|8760h0m0s)\. `).MatchString(text) {
		ts.Fatalf("the output does not say how long to wait")
	}
	if !regexp.MustCompile(regexp.QuoteMeta("POST "+w.site.URL+"/oauth/token: ") + `(\d+ [A-Za-z ]+: )?.*(` + fault.Reason + `)`).MatchString(text) {
		ts.Fatalf("the output does not name the cause: %s", fault.Reason)
	}
}
