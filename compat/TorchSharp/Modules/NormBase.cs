using static TorchSharp.torch;

namespace TorchSharp.Modules;

public abstract class NormBase : nn.Module<Tensor, Tensor>
{
    [Registered]
    private Parameter? _weight;

    [Registered]
    private Parameter? _bias;

    [Registered]
    private Tensor? _runningMean;

    [Registered]
    private Tensor? _runningVar;

    [Registered]
    private Tensor? _batches;

    public NormBase(
        long num_features, double eps, double? momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name)
        : base(name)
    {
        this.num_features = num_features;
        this.eps = eps;
        this.momentum = momentum;
        this.affine = affine;
        this.track_running_stats = track_running_stats;
        if (affine)
        {
            weight = new Parameter(ones(num_features, dtype, device));
            bias = new Parameter(zeros(num_features, dtype, device));
        }
        if (track_running_stats)
        {
            running_mean = zeros(num_features, dtype, device);
            running_var = ones(num_features, dtype, device);
            num_batches_tracked = tensor(0L, dtype, device);
        }
    }

    public long num_features { get; }

    public double eps { get; set; }

    public double? momentum { get; set; }

    public bool affine { get; }

    public bool track_running_stats { get; }

    public Parameter weight
    {
        get => _weight!;
        set => Put(nameof(weight), ref _weight, value);
    }

    public Parameter? bias
    {
        get => _bias;
        set => Put(nameof(bias), ref _bias, value);
    }

    public Tensor? running_mean
    {
        get => _runningMean;
        set => Put(nameof(running_mean), ref _runningMean, value);
    }

    public Tensor? running_var
    {
        get => _runningVar;
        set => Put(nameof(running_var), ref _runningVar, value);
    }

    public Tensor? num_batches_tracked
    {
        get => _batches;
        set => Put(nameof(num_batches_tracked), ref _batches, value);
    }

    public void reset_running_stats()
    {
        running_mean?.zero_().Dispose();
        running_var?.fill_(1).Dispose();
        num_batches_tracked?.zero_().Dispose();
    }

    public void reset_parameters()
    {
        reset_running_stats();
        if (!affine) return;
        nn.init.ones_(weight).Dispose();
        nn.init.zeros_(bias!).Dispose();
    }

    protected abstract void ValidateInputDimensions(Tensor input);
}
