using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// Gives each row a number in [0, 1): the n-th of a seeded generator for the n-th row, or a hash of its sampling key; the parts of a split are
/// intervals of these numbers. The generator, the seeds and the bounds are ML.NET's, so the rows fall as they do there.
/// </summary>
internal static class DataSplit
{
    private const int DefaultSeed = 42;
    private const uint DefaultHashSeed = 314489979;

    public static DataOperationsCatalog.TrainTestData TrainTest(IHostEnvironment env, IDataView data, double testFraction, string samplingKey, int? seed)
    {
        Func<DataViewRow, Func<double>> numbers = Numbers(env, data, samplingKey, seed, out DataViewSchema.Column[] keys);
        return Pair(data, keys, numbers, v => v >= 0 && v < testFraction);
    }

    public static IReadOnlyList<DataOperationsCatalog.TrainTestData> Folds(
        IHostEnvironment env, IDataView data, int folds, string foldsName, string samplingKey, int? seed)
    {
        env.CheckParam(folds > 1, foldsName, "Must be more than 1");
        Func<DataViewRow, Func<double>> numbers = Numbers(env, data, samplingKey, seed, out DataViewSchema.Column[] keys);
        return
        [
            .. Enumerable.Range(0, folds).Select(fold =>
            {
                double lower = (double)fold / folds;
                double upper = (double)(fold + 1) / folds;
                return Pair(data, keys, numbers, v => v >= lower && v <= upper);
            }),
        ];
    }

    private static DataOperationsCatalog.TrainTestData Pair(
        IDataView data, DataViewSchema.Column[] keys, Func<DataViewRow, Func<double>> numbers, Func<double, bool> inTest)
    {
        return new DataOperationsCatalog.TrainTestData(Part(v => !inTest(v)), Part(inTest));

        FilteredDataView Part(Func<double, bool> belongs) => new(
            data,
            keys,
            row =>
            {
                Func<double> number = numbers(row);
                return () => belongs(number());
            },
            inOrderOnly: keys.Length == 0);
    }

    private static Func<DataViewRow, Func<double>> Numbers(
        IHostEnvironment env, IDataView data, string samplingKey, int? seed, out DataViewSchema.Column[] keys)
    {
        int? seedToUse = seed ?? (env as IHostEnvironmentInternal)?.Seed;
        if (samplingKey is null)
        {
            keys = [];
            uint state = (uint)(seedToUse ?? DefaultSeed);
            return _ =>
            {
                var generator = new TauswortheHybrid(state);
                return () => generator.NextSingle();
            };
        }

        DataViewSchema.Column column = data.Schema.GetColumnOrNull(samplingKey)
            ?? throw env.ExceptSchemaMismatch("samplingKeyColumn", "SamplingKeyColumn", samplingKey);
        keys = [column];
        return KeyHash.Numbers(column, (uint?)seedToUse ?? DefaultHashSeed);
    }
}
