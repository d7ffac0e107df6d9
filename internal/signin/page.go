package signin

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"sync"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
)

// page is a page for the browser.
type page struct {
	OK    bool
	Title string
	Texts []string // paragraphs
}

const closeThis = "You can close this window and return to the terminal."

var (
	wrongStatePage = page{Title: "This address belongs to another sign-in", Texts: []string{
		"Terraform is waiting for a different sign-in. Return to the window that Terraform opened last, or open the address in its log. To stop waiting, press Ctrl-C in the terminal.",
	}}
	alreadyFinishedPage = page{Title: "This sign-in is already finished", Texts: []string{
		"Terraform already has the answer to this sign-in. " + closeThis,
	}}
	notFoundPage = page{Title: "There is nothing here", Texts: []string{
		"On this port, Terraform waits only for the answer to a GoTo sign-in.",
	}}
)

func signedInPage(login engine.Login, profile string) page {
	p := page{OK: true, Title: "Signed in", Texts: []string{
		"Terraform keeps this login under the profile “" + profile + "”.",
		closeThis,
	}}
	if login.Principal != "" {
		p.Title = "Signed in as " + login.Principal
	}
	return p
}

func refusedPage(err error) page {
	return page{Title: "Not signed in", Texts: []string{redact.Capitalized(err.Error()) + ".", "Terraform has stopped waiting. Run it again to sign in."}}
}

func failedPage(err error) page {
	return page{Title: "Signing in failed", Texts: []string{
		"You signed in to GoTo, but Terraform got no token: " + err.Error() + ".",
		"The terminal says what to do next.",
	}}
}

func unreadablePage(err error) page {
	return page{Title: "This answer cannot be used", Texts: []string{redact.Capitalized(err.Error()) + ".", "Terraform is still waiting."}}
}

//go:embed page.html
var pageSource string

var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageSource)) })

// write sends a page.
func write(response http.ResponseWriter, status int, p page) {
	nonce := rand.Text()
	var body bytes.Buffer
	if err := pageTemplate().Execute(&body, struct {
		page
		Nonce string
	}{p, nonce}); err != nil {
		http.Error(response, p.Title, http.StatusInternalServerError)
		return
	}
	setSecurityHeaders(response.Header(), nonce)
	response.Header().Set("Content-Type", "text/html; charset=utf-8")
	response.WriteHeader(status)
	_, _ = response.Write(body.Bytes()) // fails only if the browser has disconnected
}

// setSecurityHeaders keeps a reply out of caches, frames and Referer headers, and allows no content except the style
// with this nonce.
func setSecurityHeaders(header http.Header, nonce string) {
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if nonce != "" {
		policy += "; style-src 'nonce-" + nonce + "'"
	}
	header.Set("Content-Security-Policy", policy)
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
}
