package standin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Environment returns the environment variables that make the provider use this stand-in, as its first client, in the
// form of [os.Environ].
func (s *Server) Environment() []string {
	return []string{
		"GOTO_AUTHENTICATION_URL=" + s.URL,
		"GOTO_API_URL=" + s.URL,
		"GOTO_CLIENT_ID=" + s.clients[0].id,
		"GOTO_CLIENT_SECRET=" + s.clients[0].secret,
		"GOTO_REDIRECT_URI=" + s.redirectURIs()[0],
	}
}

// Exports returns these variables as lines to paste into a shell.
func (s *Server) Exports() string {
	var lines strings.Builder
	for _, variable := range s.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(&lines, "export %s='%s'\n", name, value)
	}
	return lines.String()
}

// AuthorizeURL returns the address at which a person signs in for the first client.
func (s *Server) AuthorizeURL() string {
	return s.URL + "/oauth/authorize?" + url.Values{
		"client_id":     {s.clients[0].id},
		"redirect_uri":  {s.redirectURIs()[0]},
		"response_type": {"code"},
	}.Encode()
}

// startPage serves the page at the base URL, which says what the stand-in is and how to use it.
func (s *Server) startPage(w http.ResponseWriter, _ *http.Request) {
	writePage(w, http.StatusOK, "start.html", map[string]any{
		"Exports":      s.Exports(),
		"People":       people,
		"RedirectURIs": s.redirectURIs(),
		"AuthorizeURL": s.AuthorizeURL(),
	})
}
