package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// getDataSource returns the reply to a GET request.
type getDataSource struct{ api api }

// Metadata implements [datasource.DataSource].
func (d *getDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_get"
}

// Schema implements [datasource.DataSource].
func (d *getDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{Required: true},
			"body": schema.StringAttribute{Computed: true},
		},
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *getDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.api, _ = req.ProviderData.(api) // nil during validation
}

// Read implements [datasource.DataSource].
func (d *getDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model struct {
		Path types.String `tfsdk:"path"`
		Body types.String `tfsdk:"body"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	tflog.Debug(ctx, "sending a request with the header, which some providers would log")
	body, err := d.api.get(ctx, model.Path.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("GET failed", err.Error())
		return
	}
	model.Body = types.StringValue(body)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// api is an API: its base URL, and the header to send.
type api struct {
	url, authorizationHeader string
	client                   *http.Client
}

func (a api) get(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return "", err
	}
	if a.authorizationHeader != "" {
		request.Header.Set("Authorization", a.authorizationHeader)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // already read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s: %s: %s", path, response.Status, body)
	}
	return string(body), nil
}
