package standin

import (
	"encoding/json"
	"net/http"
)

// refusal is an OAuth error (RFC 6749 sections 4.1.2.1 and 5.2).
type refusal struct {
	status            int
	code, description string
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.status == http.StatusUnauthorized {
		// RFC 6749 section 5.2 requires it if the client sent a Basic header.
		w.Header().Set("WWW-Authenticate", `Basic realm="GoTo stand-in"`)
	}
	writeJSON(w, f.status, map[string]any{"error": f.code, "error_description": f.description})
}

func invalidRequest(description string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_request", description}
}

func writeJSON(w http.ResponseWriter, status int, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil { // Only a test's ExtraReply can cause this.
		http.Error(w, "stand-in: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store") // RFC 6749 section 5.1.
	w.WriteHeader(status)
	_, _ = w.Write(text) // It fails only if the client is gone.
}
