namespace Microsoft.ML.FeatureMining.Models.Hub;

/// <summary>Downloads configuration and weights of a model.</summary>
internal static class HubDownload
{
    /// <returns>The path of the weights.</returns>
    /// <exception cref="IOException">The model cannot be downloaded; the message says why and what to do.</exception>
    /// <exception cref="InvalidDataException">A checksum is wrong, or the network is not one of this library.</exception>
    public static string Run(HubName name, HubSettings settings, Action<DownloadProgress>? progress, CancellationToken token)
    {
        if (settings.IsOffline)
        {
            return new HubCache(name, settings).Weights
                ?? throw new IOException(
                    $"'{name}' is not in the cache '{settings.CacheFolder}', and HF_HUB_OFFLINE is set. Unset it to download the weights."
                );
        }

        using HubClient client = new(name, settings, progress, token);
        // The small file first: it says whether the network is supported.
        if (client.Download(HubCache.ConfigFile) is { } config)
        {
            HubConfig.Read(config, name.Id);
        }

        foreach (string file in HubCache.WeightFiles)
        {
            if (client.Download(file) is { } weights)
            {
                return weights;
            }
        }

        throw new IOException($"The model '{name}' on the hub has none of the files {string.Join(", ", HubCache.WeightFiles)}.");
    }
}
