namespace Microsoft.ML.FeatureMining.Models.Hub;

/// <summary>Where the hub and its cache are: the environment variables of Hugging Face's own library.</summary>
/// <param name="CacheFolder">HF_HUB_CACHE, or <c>hub</c> in HF_HOME, or <c>~/.cache/huggingface/hub</c>.</param>
/// <param name="Endpoint">HF_ENDPOINT, or https://huggingface.co; ends with a slash.</param>
/// <param name="Token">HF_TOKEN; null if there is none.</param>
/// <param name="IsOffline">HF_HUB_OFFLINE.</param>
internal sealed record HubSettings(string CacheFolder, Uri Endpoint, string? Token, bool IsOffline)
{
    /// <summary>Those of this process.</summary>
    /// <exception cref="IOException">HF_ENDPOINT is not an address.</exception>
    public static HubSettings Current => Of(Environment.GetEnvironmentVariable);

    /// <param name="variable">The value of an environment variable.</param>
    /// <exception cref="IOException">HF_ENDPOINT is not an address.</exception>
    public static HubSettings Of(Func<string, string?> variable)
    {
        string? Value(string name) => variable(name) is { Length: > 0 } value ? value : null;
        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string home = Value("HF_HOME") ?? Path.Combine(Value("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache"), "huggingface");
        string endpoint = Value("HF_ENDPOINT") ?? "https://huggingface.co";
        if (endpoint.Contains('@', StringComparison.Ordinal))
        {
            // Not repeated: it may have a password.
            throw new IOException("HF_ENDPOINT has a user name or password; set HF_TOKEN instead.");
        }

        return Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out Uri? uri) && uri.Scheme is "https" or "http"
            ? new HubSettings(
                Path.GetFullPath(Value("HF_HUB_CACHE") ?? Path.Combine(home, "hub")),
                uri,
                Value("HF_TOKEN")?.Trim(),
                Value("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE"
            )
            : throw new IOException($"HF_ENDPOINT is '{endpoint}', which is not an http or https address.");
    }
}
