namespace Samples;

/// <summary>How far a download is.</summary>
/// <param name="Bytes">What is there, with what was there before.</param>
/// <param name="Total">What there will be; null where the server does not say.</param>
internal readonly record struct DownloadProgress(long Bytes, long? Total);
