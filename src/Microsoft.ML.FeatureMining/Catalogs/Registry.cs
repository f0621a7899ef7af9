using System.Collections.Concurrent;

namespace Microsoft.ML.FeatureMining.Catalogs;

/// <summary>Functions that make parts, by key. Any number of threads may use it.</summary>
/// <param name="what">What a part is called, in messages.</param>
internal sealed class Registry<TCreate>(string what)
    where TCreate : Delegate
{
    private readonly ConcurrentDictionary<string, TCreate> _entries = new(StringComparer.Ordinal);

    /// <summary>All keys, in order.</summary>
    public IReadOnlyList<string> Keys => [.. _entries.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The function of a key; null where there is none.</summary>
    public TCreate? Find(string key) => _entries.GetValueOrDefault(key);

    /// <exception cref="ArgumentException">The key is taken, empty, or has a character that the command line gives a meaning.</exception>
    public void Register(string key, TCreate create)
    {
        ArgumentNullException.ThrowIfNull(create);
        if (string.IsNullOrEmpty(key) || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ArgumentException($"'{key}' cannot be the key of a {what}: a key has letters, digits, hyphens, underscores and dots.", nameof(key));
        }

        if (!_entries.TryAdd(key, create))
        {
            throw Taken(key);
        }
    }

    public ArgumentException Taken(string key) => new($"There already is a {what} '{key}'. Choose another key.", nameof(key));
}
