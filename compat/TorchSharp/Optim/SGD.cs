using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Stochastic gradient descent with PyTorch's momentum: the buffer starts as the first gradient.</summary>
public class SGD : OptimizerHelper, optim.IMomentum
{
    public SGD(
        IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false,
        bool maximize = false)
        : this([new ParamGroup { Parameters = parameters.ToList() }], lr, momentum, dampening, weight_decay, nesterov, maximize) { }

    public SGD(
        IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false,
        bool maximize = false)
    {
        if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}");
        if (momentum < 0) throw new ArgumentException($"Invalid momentum value: {momentum}");
        if (weight_decay < 0) throw new ArgumentException($"Invalid weight_decay value: {weight_decay}");
        if (nesterov && (momentum <= 0 || dampening != 0))
            throw new ArgumentException("Nesterov momentum requires a momentum and zero dampening");
        _defaults = new Options
        {
            LearningRate = lr,
            InitialLearningRate = lr,
            momentum = momentum,
            dampening = dampening,
            weight_decay = weight_decay,
            nesterov = nesterov,
            maximize = maximize,
        };
        foreach (ParamGroup group in parameters) add_param_group(group);
    }

    public double Momentum
    {
        get => ((Options)_defaults!).momentum!.Value;
        set => ((Options)_defaults!).momentum = value;
    }

    /// <summary>What the group leaves open is taken from the optimizer.</summary>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults!;
        var options = (Options)(param_group.Options ??= new Options());
        options.LearningRate ??= defaults.LearningRate;
        options.momentum ??= defaults.momentum;
        options.dampening ??= defaults.dampening;
        options.weight_decay ??= defaults.weight_decay;
        options.nesterov ??= defaults.nesterov;
        options.maximize ??= defaults.maximize;
        options.InitialLearningRate = options.LearningRate!.Value;
        base.add_param_group(param_group);
    }

    public override Tensor? step(Func<Tensor>? closure = null) => _step<ParamGroup>(Step, closure);

    protected override void Dispose(bool disposing)
    {
        if (disposing) DisposeStates();
    }

    private protected override OptimizerState NewState(Parameter parameter, OptimizerOptions options) => new State(parameter);

    private void Step(ParamGroup group)
    {
        double momentum = group.Options.momentum!.Value, decay = group.Options.weight_decay!.Value;
        double rate = group.Options.LearningRate!.Value;
        Scalar keep = momentum, add = 1 - group.Options.dampening!.Value, shrink = decay, by = group.Options.maximize == true ? rate : -rate;
        foreach (Parameter parameter in group.Parameters)
        {
            using Tensor? gradient = parameter.grad;
            if (gradient is null) continue;
            Tensor direction = gradient;
            if (decay != 0) direction = direction.add(parameter, shrink);
            if (momentum != 0)
            {
                Tensor buffer = Accumulate(parameter, direction, keep, add);
                direction = group.Options.nesterov == true ? direction.add(buffer, keep) : buffer;
            }
            parameter.add_(direction, by);
        }
    }

    private Tensor Accumulate(Parameter parameter, Tensor direction, Scalar keep, Scalar add)
    {
        var state = (State)_states[parameter];
        if (state.momentum_buffer is { } buffer)
        {
            buffer.mul_(keep);
            buffer.add_(direction, add);
            return buffer;
        }
        return state.momentum_buffer = direction.clone().DetachFromDisposeScope();
    }

    public sealed class State : OptimizerState, IDisposable
    {
        /// <summary>Null until the first step.</summary>
        public Tensor? momentum_buffer;

        public State(Parameter parameter)
            : base(parameter) { }

        public void Dispose() => momentum_buffer?.Dispose();
    }

    public class Options : OptimizerOptions
    {
        public double? momentum;
        public double? dampening;
        public double? weight_decay;
        public bool? nesterov;
        public bool? maximize;
    }

    public class ParamGroup : ParamGroup<Options>, optim.IMomentum
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options) { }

        public ParamGroup(
            IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0, double dampening = 0, double weight_decay = 0,
            bool nesterov = false, bool maximize = false)
            : base(
                parameters,
                new Options
                {
                    LearningRate = lr,
                    momentum = momentum,
                    dampening = dampening,
                    weight_decay = weight_decay,
                    nesterov = nesterov,
                    maximize = maximize,
                })
        { }

        public double Momentum
        {
            get => Options.momentum!.Value;
            set => Options.momentum = value;
        }
    }
}
