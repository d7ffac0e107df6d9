package main

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type bearerProvider struct{}

func newBearerProvider() provider.Provider { return bearerProvider{} }

// Metadata implements [provider.Provider].
func (bearerProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "bearer"
}

// Schema implements [provider.Provider].
func (bearerProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"url":                  schema.StringAttribute{Required: true},
			"authorization_header": schema.StringAttribute{Optional: true, Sensitive: true},
		},
	}
}

// Configure implements [provider.Provider].
func (bearerProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model struct {
		URL                 types.String `tfsdk:"url"`
		AuthorizationHeader types.String `tfsdk:"authorization_header"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if model.AuthorizationHeader.IsUnknown() {
		resp.Diagnostics.AddError("No header", "authorization_header is not known.")
	}
	resp.DataSourceData = api{
		url:                 model.URL.ValueString(),
		authorizationHeader: model.AuthorizationHeader.ValueString(),
		client:              &http.Client{Transport: &http.Transport{}},
	}
}

// DataSources implements [provider.Provider].
func (bearerProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &getDataSource{} }}
}

// Resources implements [provider.Provider].
func (bearerProvider) Resources(context.Context) []func() resource.Resource { return nil }
