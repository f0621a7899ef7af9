using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>Reads the labels and images of a data view: rows one after the other, pictures decoded on all cores, everything kept in the rows' order.</summary>
internal sealed class LabeledImageReader(LabelColumn label, ImageColumn image, UnreadableImages policy, Action checkAlive)
{
    private const int ChunkRows = 256;
    private const long ChunkBytes = 64 << 20;
    private const int NamedCauses = 5;

    /// <summary>Reads all rows, and holds some of them out where a split says so.</summary>
    /// <exception cref="ImageDecodeException">An image cannot be read, and the policy is to throw.</exception>
    public LabeledImages Read(IDataView rows, StratifiedSplit? split = null)
    {
        ImageSetBuilder images = new(image.Shape, image.Element);
        ImageSetBuilder? heldOut = split is null ? null : new(image.Shape, image.Element);
        List<string> causes = [];
        (int skipped, int unlabelled) = (0, 0);
        foreach (List<Row> chunk in Chunks(rows, () => unlabelled++))
        {
            checkAlive();
            (byte[]?[] pixels, string[] problems) = Decode(chunk);
            skipped += problems.Length;
            causes.AddRange(problems.Take(NamedCauses - causes.Count));
            for (int i = 0; i < chunk.Count; i++)
            {
                bool holdsOut = split?.TakesNext(chunk[i].Label) ?? false;
                if (pixels[i] is { } decoded)
                    (holdsOut ? heldOut! : images).Add(decoded, chunk[i].Label);
            }
        }
        return new LabeledImages(images.Build(label.Keys.Count), heldOut?.Build(label.Keys.Count), causes, skipped, unlabelled);
    }

    /// <summary>Counts the rows of each class, without a look at the images.</summary>
    public int[] CountRows(IDataView rows)
    {
        var counts = new int[label.Keys.Count];
        using DataViewRowCursor cursor = rows.GetRowCursor([label.Column]);
        Func<int?> readLabel = label.Reader(cursor);
        while (cursor.MoveNext())
        {
            if (readLabel() is { } index)
                counts[index]++;
        }
        return counts;
    }

    private IEnumerable<List<Row>> Chunks(IDataView rows, Action countUnlabelled)
    {
        using DataViewRowCursor cursor = rows.GetRowCursor([label.Column, .. image.Columns]);
        (Func<int?> readLabel, Func<RowImage> readImage, Func<string?> readPath) = (label.Reader(cursor), image.Reader(cursor), image.PathReader(cursor));
        List<Row> chunk = [];
        long bytes = 0;
        while (cursor.MoveNext())
        {
            if (readLabel() is not { } index)
            {
                countUnlabelled();
                continue;
            }
            Row row = new(cursor.Position, index, readImage(), readPath());
            chunk.Add(row);
            bytes += row.Image.Bytes;
            if (chunk.Count == ChunkRows || bytes >= ChunkBytes)
            {
                yield return chunk;
                (chunk, bytes) = ([], 0);
            }
        }
        if (chunk.Count > 0)
            yield return chunk;
    }

    // The pixels of each row, null where its image cannot be read; and why those cannot.
    private (byte[]?[] Pixels, string[] Problems) Decode(List<Row> chunk)
    {
        var pixels = new byte[]?[chunk.Count];
        var errors = new ImageDecodeException?[chunk.Count];
        Parallel.For(0, chunk.Count, i =>
        {
            try
            {
                pixels[i] = chunk[i].Image.ToPixels();
            }
            catch (ImageDecodeException e)
            {
                errors[i] = e;
            }
        });
        ImageDecodeException[] unreadable =
            [.. chunk.Zip(errors).Where(pair => pair.Second is not null).Select(pair => image.Unreadable(pair.First.Position, pair.First.File, pair.Second!))];
        return unreadable.Length == 0 || policy == UnreadableImages.Skip ? (pixels, [.. unreadable.Select(problem => problem.Message)]) : throw unreadable[0];
    }

    private sealed record Row(long Position, int Label, RowImage Image, string? File);
}
