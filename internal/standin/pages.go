package standin

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

const landingPath = "/landing"

// LandingURI returns a redirect URI that is always registered. It leads to a page of the stand-in that tells the person
// what to do next.
func (s *Server) LandingURI() string { return s.URL + landingPath }

func landing(w http.ResponseWriter, r *http.Request) {
	writePage(w, http.StatusOK, "landing.html", map[string]any{"Error": r.URL.Query().Get("error")})
}

func writePage(w http.ResponseWriter, status int, name string, data map[string]any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "stand-in: "+err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	// No form-action: browsers would apply it to the redirect after the form as well.
	header.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer") // The address contains a code.
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // It fails only if the browser is gone.
}
